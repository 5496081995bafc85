package serve

import (
	"context"

	"github.com/shoal-live/shoal/api/bus"
	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/node"
)

// publish publishes one source until ctx ends, or stands by for whoever publishes it elsewhere.
func (s *Server) publish(ctx context.Context, p *publication) error {
	stream := chunk.NewStreamID(wire.Public(s.publisher), p.source.Name)
	for {
		lease, err := s.bus.Acquire(ctx, stream, func(holder string) { s.standBy(p, holder) })
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		err = s.publishHeld(ctx, p, lease)
		lease.Release()
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// standBy notes that another origin publishes a stream.
func (s *Server) standBy(p *publication, holder string) {
	s.log.Info("standing by", "stream", p.source.Name, "publishes", holder)
	s.mu.Lock()
	defer s.mu.Unlock()
	p.holder, p.reason = holder, "origin "+holder+" publishes it"
}

// publishHeld publishes one source until ctx ends or another origin has taken its lease.
func (s *Server) publishHeld(ctx context.Context, p *publication, lease *bus.Holding) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	base := s.config.Load().Rendezvous.Remote
	if s.meeting != nil {
		base = s.meeting.Local
	}
	client, err := rendezvous.NewClient(rendezvous.ClientConfig{URL: base, Identity: s.identity, Publisher: s.publisher, Log: s.log})
	if err != nil {
		return err
	}
	s.mu.Lock()
	p.client, p.lease, p.holder, p.reason = client, lease, "", "starting"
	src, cfg := p.source, p.stream
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		p.client, p.lease = nil, nil
	}()
	client.Advise(advice(cfg))
	policy, err := s.set.Policy(*cfg.Policy)
	if err != nil {
		return err
	}
	pub, err := s.publishing(src, cfg, lease)
	if err != nil {
		return err
	}
	outputs, err := s.set.Outputs(s.outputs(src.Name, cfg))
	if err != nil {
		return err
	}
	go func() {
		select {
		case <-lease.Lost():
			s.log.Warn("another origin has taken the stream over", "stream", src.Name)
			stop()
		case <-ctx.Done():
		}
	}()
	return s.node.Publish(ctx, node.StreamConfig{
		Name: src.Name, Policy: policy, Fallback: wire.Fallback, Rendezvous: client, Weight: cfg.Weight, Seed: wire.Seed(),
		Outputs: outputs,
	}, pub)
}
