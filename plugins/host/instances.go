package host

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge"
)

// Transport makes a transport, in a process of its own. Its Run ends with ErrPluginDied when the process does; ask
// for another then. The process ends when Run does. Errors: what the implementation's factory answers; ErrSpec, ErrRefused,
// ErrStart, ErrBroken, ErrPluginDied, ErrClosed, or ctx's.
func (h *Host) Transport(ctx context.Context, spec Spec, cfg transport.Config) (transport.Transport, error) {
	spec.Kind = bridge.KindTransport
	if cfg.Params == nil {
		cfg.Params = spec.Params
	}
	if spec.Isolation == Inline {
		p, err := h.inline(&spec)
		if err != nil {
			return nil, err
		}
		return p.Transport(cfg)
	}
	l, err := h.lease(ctx, spec)
	if err != nil {
		return nil, err
	}
	t, err := l.process.remote.Transport(ctx, l.process.offer.Name, cfg)
	if err != nil {
		return nil, l.fail(err)
	}
	return &leasedTransport{Transport: t, lease: l}, nil
}

// Policy makes a policy for one stream. See PolicyClient. Errors: as Transport.
func (h *Host) Policy(ctx context.Context, spec Spec, params map[string]string) (PolicyClient, error) {
	spec.Kind = bridge.KindPolicy
	if params == nil {
		params = spec.Params
	}
	if spec.Isolation == Inline {
		p, err := h.inline(&spec)
		if err != nil {
			return nil, err
		}
		policy, err := p.Policy(params)
		if err != nil {
			return nil, err
		}
		return &inlinePolicy{Policy: policy, done: make(chan struct{})}, nil
	}
	l, err := h.lease(ctx, spec)
	if err != nil {
		return nil, err
	}
	p, err := l.process.remote.Policy(ctx, l.process.offer.Name, params)
	if err != nil {
		return nil, l.fail(err)
	}
	return &leasedPolicy{Policy: p, lease: l}, nil
}

// Ingest makes an ingest of one source. Errors: as Transport.
func (h *Host) Ingest(ctx context.Context, spec Spec, cfg ingest.Config) (ingest.Ingest, error) {
	spec.Kind = bridge.KindIngest
	if cfg.Params == nil {
		cfg.Params = spec.Params
	}
	if spec.Isolation == Inline {
		p, err := h.inline(&spec)
		if err != nil {
			return nil, err
		}
		return p.Ingest(cfg)
	}
	l, err := h.lease(ctx, spec)
	if err != nil {
		return nil, err
	}
	i, err := l.process.remote.Ingest(ctx, l.process.offer.Name, cfg)
	if err != nil {
		return nil, l.fail(err)
	}
	return &leasedIngest{Ingest: i, lease: l}, nil
}

// Discoverer makes a discoverer of one server. Errors: as Transport; ErrNotOffered when the ingest cannot list
// what a server offers.
func (h *Host) Discoverer(ctx context.Context, spec Spec, cfg ingest.Config) (ingest.Discoverer, error) {
	spec.Kind = bridge.KindIngest
	if cfg.Params == nil {
		cfg.Params = spec.Params
	}
	if spec.Isolation == Inline {
		p, err := h.inline(&spec)
		if err != nil {
			return nil, err
		}
		if p.Discoverer == nil {
			return nil, fmt.Errorf("%w: %s cannot list what a server offers", bridge.ErrNotOffered, &spec)
		}
		return p.Discoverer(cfg)
	}
	l, err := h.lease(ctx, spec)
	if err != nil {
		return nil, err
	}
	d, err := l.process.remote.Discoverer(ctx, l.process.offer.Name, cfg)
	if err != nil {
		return nil, l.fail(err)
	}
	return &leasedDiscoverer{Discoverer: d, lease: l}, nil
}

// Egress makes an egress of one stream. Errors: as Transport.
func (h *Host) Egress(ctx context.Context, spec Spec, cfg egress.Config) (egress.Egress, error) {
	spec.Kind = bridge.KindEgress
	if cfg.Params == nil {
		cfg.Params = spec.Params
	}
	if spec.Isolation == Inline {
		p, err := h.inline(&spec)
		if err != nil {
			return nil, err
		}
		return p.Egress(cfg)
	}
	l, err := h.lease(ctx, spec)
	if err != nil {
		return nil, err
	}
	e, err := l.process.remote.Egress(ctx, l.process.offer.Name, cfg)
	if err != nil {
		return nil, l.fail(err)
	}
	return &leasedEgress{Egress: e, lease: l}, nil
}

// inline is the implementation that is linked in. Errors: ErrSpec.
func (h *Host) inline(s *Spec) (bridge.Plugin, error) {
	if s.Path != "" {
		return bridge.Plugin{}, fmt.Errorf("%w: %s is a file, which only runs as a process; use isolation: process", ErrSpec, s)
	}
	return h.find(s)
}

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
	if errors.Is(err, bridge.ErrPluginDied) || errors.Is(err, bridge.ErrProtocol) || errors.Is(err, bridge.ErrNotOffered) {
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

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
