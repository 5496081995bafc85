package tool

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// every is how often a long phase says that it is still alive.
const every = 5 * time.Second

// progress writes what a build is doing, one line a phase and one every five
// seconds of compiling. It is safe for several goroutines; a failing writer is
// ignored, since progress must not stop a build.
type progress struct {
	mu    sync.Mutex
	w     io.Writer
	now   func() time.Time
	start time.Time
	last  time.Time
	count int // packages compiled
	total int // packages there are; those in Go's build cache are never compiled
}

func newProgress(w io.Writer) *progress {
	if w == nil {
		w = io.Discard
	}
	return &progress{w: w, now: time.Now, start: time.Now()}
}

// say writes one line with the elapsed seconds. The caller holds mu.
func (p *progress) say(what string) {
	p.last = p.now()
	elapsed := p.last.Sub(p.start).Seconds()
	_, _ = fmt.Fprintf(p.w, "mediamtx %s: %s (%.0f s)\n", Version, what, elapsed)
}

func (p *progress) phase(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.say(what)
}

// compiling opens the long phase: total packages, fewer when Go's cache is warm.
func (p *progress) compiling(total int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count, p.total = 0, total
	p.say(fmt.Sprintf("compiling %d packages, about 2 minutes on two cores; once, then cached", total))
}

// compiled counts one line of `go build -v`, which names a package.
func (p *progress) compiled(string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.count++
	if p.now().Sub(p.last) >= every {
		p.say(fmt.Sprintf("compiling, package %d of at most %d", p.count, p.total))
	}
}

// waiting says that another process holds the lock; called again and again.
func (p *progress) waiting() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last.IsZero() || p.now().Sub(p.last) >= every {
		p.say("waiting for another process that is building it")
	}
}

func (p *progress) done() { p.phase("ready") }
