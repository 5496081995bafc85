package host

import (
	"context"
	"os"
	"time"
)

// Standby says whether a transport has a process in reserve: started and ready, so that it can take the place of one that
// has died at once. It costs what the process holds while it does nothing. Other kinds never have one.
type Standby uint8

// The choices.
const (
	Warm Standby = 0 // one in reserve, from standbyAfter after a transport was made, for as long as there is one
	Cold Standby = 1 // none: another process is started when it is needed
)

// String is the word for the config.
func (s Standby) String() string {
	if s == Cold {
		return "cold"
	}
	return "warm"
}

const (
	standbyAfter = time.Second      // from the making of a transport, which has enough to do meanwhile
	standbyAgain = 30 * time.Second // after the one in reserve has died, or did not start
)

// duty says what a process is for. Its place locks it.
type duty uint8

const (
	inUse     duty = 0
	inReserve duty = 1
)

// reserve is the process in reserve of a place. The place locks it.
type reserve struct {
	process  *process    // ready, and nobody's; nil while there is none
	starting bool        // one is
	timer    *time.Timer // of the next start; nil when none is due
	used     int         // processes of the place that are in use
}

// wanted reports whether the place is to have a process in reserve.
func (at *place) wanted() bool {
	return !at.shared && at.spec.Standby == Warm && at.reserve.used > 0
}

// use counts a process in use, and has another in reserve before long.
func (at *place) use() {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.reserve.used++
	at.reserveIn(standbyAfter)
}

// unuse takes a process off the count. What is in reserve ends when none is used for lingerFor.
func (at *place) unuse() {
	at.mu.Lock()
	defer at.mu.Unlock()
	if at.reserve.used--; at.reserve.used > 0 {
		return
	}
	time.AfterFunc(lingerFor, func() {
		at.mu.Lock()
		p := at.reserve.process
		idle := p != nil && at.reserve.used == 0
		if idle {
			at.reserve.process = nil
		}
		at.mu.Unlock()
		if idle {
			p.end()
		}
	})
}

// reserveIn starts a process in reserve after a while, where there is none. The lock is held.
func (at *place) reserveIn(d time.Duration) {
	r := &at.reserve
	if at.wanted() && r.process == nil && r.timer == nil && !r.starting {
		r.timer = time.AfterFunc(d, at.reserveNow)
	}
}

// reserveNow starts a process in reserve, unless the host has ended.
func (at *place) reserveNow() {
	at.mu.Lock()
	r := &at.reserve
	r.timer = nil
	begins := at.wanted() && r.process == nil && !r.starting
	r.starting = r.starting || begins
	at.mu.Unlock()
	h := at.host
	h.mu.Lock()
	defer h.mu.Unlock()
	if begins && !h.closed {
		h.wg.Go(at.fillReserve)
	}
}

// fillReserve starts a process and keeps it in reserve. A failure is told, and tried again: it is not the transport's.
func (at *place) fillReserve() {
	p, err := at.host.launch(context.Background(), at, inReserve)
	at.mu.Lock()
	defer at.mu.Unlock()
	r := &at.reserve
	r.starting = false
	switch {
	case err != nil:
		at.host.cfg.Log.Debug("no process of a plugin in reserve", "plugin", at.spec.Name, "error", err)
		at.reserveIn(standbyAgain)
	case !at.wanted():
		p.end()
	case !p.over():
		r.process = p
	}
}

// takeReserve is the process in reserve, which is in use from now on; nil when there is none that is as a new one would be.
func (at *place) takeReserve() *process {
	at.mu.Lock()
	r := &at.reserve
	p := r.process
	r.process = nil
	fit := p != nil && !p.over() && p.file.same()
	if fit {
		p.duty, p.began = inUse, time.Now() // its health counts from here
	}
	at.mu.Unlock()
	if fit {
		at.started(p)
		return p
	}
	if p != nil {
		p.end()
	}
	return nil
}

// lost takes it that p has ended, and reports whether it was in reserve: then nobody has lost anything.
func (at *place) lost(p *process) bool {
	at.mu.Lock()
	defer at.mu.Unlock()
	if p.duty != inReserve {
		return false
	}
	if at.reserve.process == p {
		at.reserve.process = nil
	}
	at.reserveIn(standbyAgain)
	return true
}

// file is that of a plugin when its process was started, so that one in reserve is not used when there is another by now.
type file struct {
	path string // "" for a built-in
	info os.FileInfo
}

func fileOf(path string) file {
	f := file{path: path}
	if path != "" {
		f.info, _ = os.Stat(path) // without it, it is not the same
	}
	return f
}

func (f file) same() bool {
	if f.path == "" {
		return true
	}
	now, err := os.Stat(f.path)
	return err == nil && f.info != nil && os.SameFile(now, f.info) && now.ModTime().Equal(f.info.ModTime()) && now.Size() == f.info.Size()
}
