package serve

import (
	"context"
	"strings"
	"time"

	"github.com/shoal-live/shoal/api/bus"
	"github.com/shoal-live/shoal/cmd/shoal/keys"
	"github.com/shoal-live/shoal/core/event"
)

// follow keeps what is known of streams beside the events about them.
func (s *Server) follow(e event.Event) {
	switch e := e.(type) {
	case event.StreamAvailable:
		url := strings.TrimSuffix(s.Base(), "/") + "/" + e.Name
		var codecs []string
		for _, t := range e.Tracks {
			codecs = append(codecs, t.Codec)
		}
		first := false
		s.set1(e.Name, func(p *publication) {
			first = !p.told
			p.live, p.reason, p.codecs, p.told, p.epoch = true, "", codecs, true, e.Epoch
		})
		s.log.Info("stream live", "stream", e.Name, "epoch", e.Epoch, "codecs", strings.Join(codecs, " "), "watch", url)
		if first && s.opts.Announce != nil {
			s.opts.Announce(e.Name, url)
		}
		s.later(func(ctx context.Context) error { return s.register(ctx, e, url, codecs) })
	case event.StreamUnavailable:
		s.set1(e.Name, func(p *publication) { p.live, p.reason = false, e.Cause })
		s.log.Info("stream ended", "stream", e.Name, "cause", e.Cause)
		s.later(func(ctx context.Context) error { return s.bus.Unregister(ctx, e.Name) })
	case event.IngestFailed:
		var lease *bus.Holding
		s.set1(e.Name, func(p *publication) { p.live, p.reason, lease = false, e.Cause, p.lease })
		if lease != nil {
			s.later(func(ctx context.Context) error { lease.Offer(ctx); return nil })
		}
	}
}

// register tells the other processes of the operator about a stream.
func (s *Server) register(ctx context.Context, e event.StreamAvailable, url string, codecs []string) error {
	return s.bus.Register(ctx, bus.Record{
		Name: e.Name, Stream: e.Stream.String(), Publisher: keys.Public(s.publisher), Epoch: e.Epoch, Rendezvous: url,
		Codecs: codecs, Since: time.Now().UTC(),
	})
}

// later queues a change of the registry. When 256 wait, the bus is away, and the newest is dropped: the registry is
// for information.
func (s *Server) later(f func(context.Context) error) {
	select {
	case s.registry <- f:
	default:
		s.log.Warn("registry not changed: the bus does not keep up")
	}
}

// keepRegistry makes the changes that are queued, and the last ones when ctx ends.
func (s *Server) keepRegistry(ctx context.Context) error {
	do := func(ctx context.Context, f func(context.Context) error) {
		if err := f(ctx); err != nil {
			s.log.Debug("registry", "error", err)
		}
	}
	for {
		select {
		case f := <-s.registry:
			do(ctx, f)
		case <-ctx.Done():
			return nil
		}
	}
}
