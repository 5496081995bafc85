package host

import (
	"context"
	"fmt"
	"strings"

	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/ingest"
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
	t, err := open(l, func() (transport.Transport, error) { return l.process.remote.Transport(ctx, l.process.offer.Name, cfg) })
	if err != nil {
		return nil, err
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
	p, err := open(l, func() (*bridge.Policy, error) { return l.process.remote.Policy(ctx, l.process.offer.Name, params) })
	if err != nil {
		return nil, err
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
	i, err := open(l, func() (ingest.Ingest, error) { return l.process.remote.Ingest(ctx, l.process.offer.Name, cfg) })
	if err != nil {
		return nil, err
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
	d, err := open(l, func() (ingest.Discoverer, error) { return l.process.remote.Discoverer(ctx, l.process.offer.Name, cfg) })
	if err != nil {
		return nil, err
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
	e, err := open(l, func() (egress.Egress, error) { return l.process.remote.Egress(ctx, l.process.offer.Name, cfg) })
	if err != nil {
		return nil, err
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

func list(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
