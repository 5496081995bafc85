package host

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"github.com/shoal-live/shoal/plugins/bridge"
)

// Host runs plugins. Its methods may be called by several goroutines at once; those that start a process wait
// until Run runs.
type Host struct {
	cfg   Config
	build string      // of this program
	spawn chan func() // to the thread that starts processes
	ended chan struct{}

	mu        sync.Mutex
	places    map[string]*place
	order     []*place // as first asked for
	processes map[*process]struct{}
	closed    bool
	wg        sync.WaitGroup // of processes
	limitless sync.Once      // tells that this platform holds no limits
	onlyGRPC  bool           // no data channels, for benchmarks
}

// New makes a host. Errors: ErrSpec, naming the field.
func New(cfg Config) (*Host, error) {
	if err := cfg.fill(); err != nil {
		return nil, err
	}
	return &Host{
		cfg:       cfg,
		build:     bridge.Build(),
		spawn:     make(chan func()),
		ended:     make(chan struct{}),
		places:    map[string]*place{},
		processes: map[*process]struct{}{},
	}, nil
}

// Run keeps the host until ctx ends, ends every process then, and returns nil when all have: within 2 s. It is
// called once. End what uses plugins first, or it sees them die.
func (h *Host) Run(ctx context.Context) error {
	stop := make(chan struct{})
	var thread sync.WaitGroup
	thread.Go(func() {
		// The kernel kills a plugin together with the thread that started it, so that thread must last. It is not unlocked: it
		// ends with this goroutine, and whatever it started with it.
		runtime.LockOSThread()
		if err := confine(); err != nil {
			h.cfg.Log.Warn("plugins keep privileges that they do not need", "error", err)
		}
		for {
			select {
			case f := <-h.spawn:
				f()
			case <-stop:
				return
			}
		}
	})
	<-ctx.Done()
	h.mu.Lock()
	h.closed = true
	close(h.ended)
	for p := range h.processes { // order-free: all are told at once
		p.end()
	}
	h.mu.Unlock()
	h.wg.Wait()
	close(stop)
	thread.Wait()
	return nil
}

// onThread runs f on the thread that starts processes.
func (h *Host) onThread(ctx context.Context, f func()) error {
	done := make(chan struct{})
	select {
	case h.spawn <- func() { f(); close(done) }:
		<-done
		return nil
	case <-h.ended:
		return ErrClosed
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// find is the built-in that a spec names. Errors: ErrSpec, listing what there is.
func (h *Host) find(s *Spec) (bridge.Plugin, error) {
	p, ok := bridge.Find(h.cfg.Builtin, s.Kind, s.Name)
	if !ok {
		return p, fmt.Errorf("%w: no %s %q (have: %s)", ErrSpec, s.Kind, s.Name, list(bridge.Names(h.cfg.Builtin, s.Kind)))
	}
	return p, nil
}
