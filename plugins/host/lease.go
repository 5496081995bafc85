package host

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge"
)

// lease holds a process for one instance.
type lease struct {
	place   *place
	process *process
	once    sync.Once
}

func (h *Host) lease(ctx context.Context, spec Spec) (*lease, error) {
	at, err := h.at(spec, spec.Kind != bridge.KindTransport)
	if err != nil {
		return nil, err
	}
	p, err := at.acquire(ctx)
	if err != nil {
		return nil, err
	}
	return &lease{place: at, process: p}, nil
}

// end gives the process back, once.
func (l *lease) end() { l.once.Do(func() { l.place.release(l.process) }) }

// name puts the plugin's name in front of what went wrong with it, not with what it does.
func (l *lease) name(err error) error {
	if errors.Is(err, bridge.ErrProtocol) {
		return fmt.Errorf("%s: %w; tell its author", &l.process.spec, err)
	}
	if errors.Is(err, bridge.ErrPluginDied) || errors.Is(err, bridge.ErrNotOffered) {
		return fmt.Errorf("%s: %w", &l.process.spec, err)
	}
	return err
}

// fail gives the process back after an instance could not be made.
func (l *lease) fail(err error) error {
	l.end()
	return l.name(err)
}

type leasedTransport struct {
	transport.Transport
	lease *lease
}

// Run ends the process with the transport.
func (t *leasedTransport) Run(ctx context.Context, sink transport.Sink) error {
	defer t.lease.end()
	return t.lease.name(t.Transport.Run(ctx, sink))
}

type leasedIngest struct {
	ingest.Ingest
	lease *lease
}

// Run gives the process back with the ingest.
func (i *leasedIngest) Run(ctx context.Context, sink ingest.Sink) error {
	defer i.lease.end()
	return i.lease.name(i.Ingest.Run(ctx, sink))
}

// Measured implements [ingest.Measurer].
func (i *leasedIngest) Measured() []time.Duration {
	if m, measures := i.Ingest.(ingest.Measurer); measures {
		return m.Measured()
	}
	return nil
}

type leasedDiscoverer struct {
	ingest.Discoverer
	lease *lease
}

// Discover gives the process back with the discoverer.
func (d *leasedDiscoverer) Discover(ctx context.Context, found func(ingest.Found)) error {
	defer d.lease.end()
	return d.lease.name(d.Discoverer.Discover(ctx, found))
}

type leasedEgress struct {
	egress.Egress
	lease *lease
}

// Run gives the process back with the egress.
func (e *leasedEgress) Run(ctx context.Context, feed <-chan egress.Item, ready func(urls []string)) error {
	defer e.lease.end()
	return e.lease.name(e.Egress.Run(ctx, feed, ready))
}

// PolicyClient is a running policy, as a node uses it. Step waits for at most 2 s when the policy is a process, and
// is for one goroutine at a time; the rest is for any.
type PolicyClient interface {
	scheduler.Policy
	// Done is closed when the policy is dead: Step answers nothing useful from then on. Close it then, too.
	Done() <-chan struct{}
	// Err is why it is dead, wrapping ErrPluginDied or bridge.ErrProtocol; nil while it lives, and after Close.
	Err() error
	// Close ends it, and returns within 2 s.
	Close()
}

type leasedPolicy struct {
	*bridge.Policy
	lease *lease
}

// Err is why it is dead.
func (p *leasedPolicy) Err() error { return p.lease.name(p.Policy.Err()) }

// Close ends it, and gives the process back.
func (p *leasedPolicy) Close() {
	p.Policy.Close()
	p.lease.end()
}

// inlinePolicy never dies.
type inlinePolicy struct {
	scheduler.Policy
	once sync.Once
	done chan struct{}
}

// Done is closed by Close alone.
func (p *inlinePolicy) Done() <-chan struct{} { return p.done }

// Err is nil.
func (p *inlinePolicy) Err() error { return nil }

// Close ends it.
func (p *inlinePolicy) Close() { p.once.Do(func() { close(p.done) }) }
