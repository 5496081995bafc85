package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	goplugin "github.com/hashicorp/go-plugin"

	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/plugins/bridge"
)

const (
	endPatience   = time.Second // for a process to end by itself once its input has
	causePatience = time.Second // for the end of a process to become known after that of its connections
)

// process is one running plugin. Its goroutine is live.
type process struct {
	host  *Host
	place *place
	spec  Spec
	cmd   *command
	log   *slog.Logger // with the plugin's name and kind; see also logs
	dir   string       // private folder
	file  file
	ready chan error    // holds one: how the start went
	told  chan struct{} // closed when its place knows that it has ended
	done  chan struct{} // closed when nothing is left of it

	// Set before ready is.
	client *goplugin.Client
	remote *bridge.Remote
	offer  bridge.Offer
	about  bridge.Description
	after  time.Duration // from exec to ready

	// The place locks these.
	duty  duty
	began time.Time // or taken out of the reserve

	mu    sync.Mutex
	asked bool  // it was told to end
	blame error // why it was killed
}

// launch starts a process and waits until it is ready. Errors: ErrRefused, ErrSpec, ErrStart, ErrClosed, or ctx's.
func (h *Host) launch(ctx context.Context, at *place, d duty) (*process, error) {
	spec := at.spec
	argv, err := h.command(&spec)
	if err != nil {
		return nil, err
	}
	p := &process{
		host: h, place: at, spec: spec, file: fileOf(spec.Path), duty: d, began: time.Now(), ready: make(chan error, 1), told: make(chan struct{}), done: make(chan struct{}),
		log: h.cfg.Log.With("plugin", spec.Name, "kind", spec.Kind.String()),
	}
	p.cmd = newCommand(exec.Command(argv[0], argv[1:]...), &logWriter{log: p.log})
	p.cmd.spawn = h.onThread
	p.cmd.spawned = func(pid int) { bound(pid, spec.Limits, p.log) }
	if p.dir, err = h.privateFolder(); err != nil {
		return nil, fmt.Errorf("%w: %s: private folder: %w", ErrStart, &spec, err)
	}
	if err := h.add(p); err != nil {
		p.clean()
		return nil, err
	}
	select {
	case err := <-p.ready:
		if err != nil {
			return nil, err
		}
		return p, nil
	case <-ctx.Done():
		p.mu.Lock()
		p.asked = true
		p.mu.Unlock()
		p.cmd.kill()
		return nil, context.Cause(ctx)
	}
}

// add counts a process and begins its life, unless the host has ended.
func (h *Host) add(p *process) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrClosed
	}
	h.processes[p] = struct{}{}
	h.wg.Go(p.live)
	return nil
}

// live is the whole life of a process.
func (p *process) live() {
	var watch sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	watch.Go(func() { p.guard(ctx) })
	began := time.Now()
	err := p.start()
	p.after = time.Since(began)
	if err != nil {
		p.cmd.kill()
	} else {
		if p.starts() {
			p.place.started(p)
		}
		watch.Go(p.watch)
	}
	p.ready <- err
	p.cmd.waitExit()
	stop()
	if err == nil {
		p.place.ended(p)
	}
	close(p.told)
	if p.client != nil {
		p.client.Kill() // what go-plugin holds; the process has ended
	}
	if p.remote != nil && p.remote.Channels != nil {
		p.remote.Channels.Close()
	}
	watch.Wait()
	p.clean()
	p.host.mu.Lock()
	delete(p.host.processes, p)
	p.host.mu.Unlock()
	close(p.done)
}

// starts reports whether the process is started for somebody.
func (p *process) starts() bool {
	p.place.mu.Lock()
	defer p.place.mu.Unlock()
	return p.duty == inUse
}

// clean removes the private folder.
func (p *process) clean() {
	if err := os.RemoveAll(p.dir); err != nil {
		p.log.Warn("private folder of a plugin is left", "error", err)
	}
}

// exit is why the process has ended; nil when it was told to, and had done nothing wrong. It is asked once that has happened.
func (p *process) exit() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.blame != nil {
		return p.blame
	}
	if p.asked {
		return nil
	}
	cause := p.cmd.status()
	said := p.cmd.logs.cause()
	if said == "" {
		return cause
	}
	if p.spec.Limits.Memory > 0 && (strings.Contains(said, "out of memory") || strings.Contains(said, "annot allocate memory")) {
		said += "; raise limits.memory if it needs more"
	}
	return fmt.Errorf("%w: %s", cause, said)
}

// causeNow is exit, when that becomes known soon; else nil.
func (p *process) causeNow() error {
	t := time.NewTimer(causePatience)
	defer t.Stop()
	select {
	case <-p.cmd.exited:
		if err := p.exit(); err != nil {
			return err
		}
		return errors.New("it was told to end")
	case <-t.C:
		return nil
	}
}

// kill ends the process by force, as a death with a cause.
func (p *process) kill(cause error) {
	p.mu.Lock()
	if p.blame == nil && !p.over() {
		p.blame = cause // the first; what follows is its consequence
	}
	p.mu.Unlock()
	p.cmd.kill()
}

// end asks the process to end, and makes it after endPatience. It does not wait: Run does.
func (p *process) end() {
	if p.over() {
		return // by itself, which the one who waits for it is about to tell
	}
	p.mu.Lock()
	again := p.asked
	p.asked = true
	p.mu.Unlock()
	if again {
		return
	}
	p.cmd.hangUp()
	time.AfterFunc(endPatience, p.cmd.kill)
}

// started tells of a process that is ready.
func (at *place) started(p *process) {
	at.mu.Lock()
	at.about, at.capabilities, at.ready, at.since = p.about, p.offer.Capabilities, p.after, p.began
	restarts, diedAt := at.restarts, at.diedAt
	if !at.diedAt.IsZero() {
		at.restarts++
		restarts = at.restarts
		at.diedAt = time.Time{}
	}
	at.mu.Unlock()
	if diedAt.IsZero() {
		p.host.cfg.Events(event.PluginStarted{Name: p.spec.Name, Kind: p.spec.Kind.String(), PID: p.cmd.pid(), After: p.after})
		return
	}
	p.host.cfg.Events(event.PluginRestarted{
		Name: p.spec.Name, Kind: p.spec.Kind.String(), PID: p.cmd.pid(), Restarts: restarts, After: time.Since(diedAt),
	})
}

// ended takes the end of a process that was ready.
func (at *place) ended(p *process) {
	cause := p.exit()
	if !at.lost(p) {
		at.died(p, cause)
	} else if cause != nil {
		p.log.Info("process of a plugin in reserve died; another is started", "pid", p.cmd.pid(), "cause", cause, "in", standbyAgain)
	}
}

// health is how long a process has been in use.
func (at *place) health(p *process) time.Duration {
	at.mu.Lock()
	defer at.mu.Unlock()
	return time.Since(p.began)
}

// died takes the end of a process in use; cause is nil when it was told to end.
func (at *place) died(p *process, cause error) {
	at.forget(p)
	if cause == nil {
		return
	}
	at.failed(cause, at.health(p))
	p.log.Warn("plugin died; another is started when one is needed", "pid", p.cmd.pid(), "cause", cause, "not before", at.wait().Round(time.Millisecond))
	p.host.cfg.Events(event.PluginDied{Name: p.spec.Name, Kind: p.spec.Kind.String(), PID: p.cmd.pid(), Cause: cause.Error()})
}
