package serve

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/shoal-live/shoal/api/bus"
	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/cmd/shoal/keys"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/node"
)

// publication is one path of the media server.
type publication struct {
	source ingest.Source
	cancel context.CancelFunc // nil when it is not shared
	ended  chan struct{}      // closed when it has ended
	since  time.Time
	live   bool
	reason string // why it is not live
	codecs []string
	told   bool // its link was announced
	epoch  uint32
}

// reconcile starts what is new, and ends what is gone.
func (s *Server) reconcile(ctx context.Context, group *sync.WaitGroup, sources []ingest.Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := make(map[string]bool, len(sources))
	for _, src := range sources {
		seen[src.Name] = true
		p := s.streams[src.Name]
		if p != nil && p.source == src {
			continue
		}
		if p != nil {
			s.end(p)
		}
		s.streams[src.Name] = s.begin(ctx, group, src)
	}
	for name, p := range s.streams {
		if !seen[name] {
			s.end(p)
			delete(s.streams, name)
		}
	}
}

// begin publishes a source, unless it is not to be shared. The lock is held.
func (s *Server) begin(ctx context.Context, group *sync.WaitGroup, src ingest.Source) *publication {
	p := &publication{source: src, since: time.Now(), ended: make(chan struct{}), reason: "starting"}
	cfg := s.opts.Config.For(src.Name)
	switch {
	case cfg.Share != nil && !*cfg.Share:
		p.reason = "not shared: streams." + src.Name + ".share is no"
	case src.Access != ingest.Public && cfg.Access != "public":
		p.reason = src.Reason + " (set streams." + src.Name + ".access to public to share it all the same)"
	case len(src.Name) > chunk.MaxName:
		p.reason = "its name is too long"
	default:
		ctx, p.cancel = context.WithCancel(ctx)
		before := s.streams[src.Name]
		group.Go(func() {
			defer close(p.ended)
			if before != nil && before.cancel != nil {
				<-before.ended
			}
			if err := s.publish(ctx, src); err != nil {
				s.log.Error("stream not shared", "stream", src.Name, "error", err)
				s.set1(src.Name, func(p *publication) { p.live, p.reason = false, err.Error() })
			}
		})
		return p
	}
	s.log.Info("path not shared", "path", src.Name, "reason", p.reason)
	close(p.ended)
	return p
}

func (s *Server) end(p *publication) {
	if p.cancel != nil {
		p.cancel()
	}
}

// set1 changes what is known of one stream.
func (s *Server) set1(name string, change func(*publication)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.streams[name]; p != nil {
		change(p)
	}
}

// publish publishes one source until ctx ends.
func (s *Server) publish(ctx context.Context, src ingest.Source) error {
	cfg := s.opts.Config.For(src.Name)
	base := s.opts.Config.Rendezvous.Remote
	if s.meeting != nil {
		base = s.meeting.Local
	}
	identity, err := keys.Open(s.opts.Config.DataDir, keys.Node)
	if err != nil {
		return err
	}
	client, err := rendezvous.NewClient(rendezvous.ClientConfig{URL: base, Identity: identity, Publisher: s.publisher, Log: s.log})
	if err != nil {
		return err
	}
	choice := s.opts.Config.Policy
	if cfg.Policy != nil {
		choice = *cfg.Policy
	}
	policy, err := s.set.Policy(choice)
	if err != nil {
		return err
	}
	in, err := s.set.Ingest(s.opts.Config.Ingest, s.ingestConfig(src.URL, cfg.Group))
	if err != nil {
		return err
	}
	id := chunk.NewStreamID(wire.Public(s.publisher), src.Name)
	return s.node.Publish(ctx, node.StreamConfig{
		Name: src.Name, Policy: policy, Fallback: wire.Fallback, Rendezvous: client, Weight: cfg.Weight, Seed: wire.Seed(),
	}, node.PublishConfig{
		Key: s.publisher, Ingest: in, Author: wire.Author, Substreams: cfg.Substreams, ChunkSize: cfg.ChunkSize,
		Authentication: cfg.Authentication, GroupSpan: cfg.Group,
		NextEpoch: func(ctx context.Context) (uint32, error) { return s.bus.NextEpoch(ctx, id) },
	})
}

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
		s.set1(e.Name, func(p *publication) { p.live, p.reason = false, e.Cause })
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
