package serve

import (
	"cmp"
	"context"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/shoal-live/shoal/api/bus"
	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/node"
)

// publication is one stream: what is published, and what is known of it.
type publication struct {
	source ingest.Source
	stream config.Stream
	media  config.MediaMTX    // that it is read from
	client *rendezvous.Client // nil while this origin does not publish it
	cancel context.CancelFunc // nil when it is not shared
	ended  chan struct{}      // closed when it has ended
	since  time.Time
	live   bool
	reason string // why it is not live
	codecs []string
	told   bool // its link was announced
	epoch  uint32
	lease  *bus.Holding // nil while this origin does not publish it
	holder string       // origin that does; "" for this one, or none
}

// publishAll keeps what is published as the media server and the config have it, until ctx ends.
func (s *Server) publishAll(ctx context.Context) error {
	var group sync.WaitGroup
	defer group.Wait()
	nudge(s.look) // the streams that the config names wait for no media server
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.look:
			s.reconcile(ctx, &group)
		}
	}
}

// reconcile starts what is new, adjusts what has changed, and ends what is gone.
func (s *Server) reconcile(ctx context.Context, group *sync.WaitGroup) {
	cfg := s.config.Load()
	var adjust []func()
	s.mu.Lock()
	seen := make(map[string]bool)
	for _, src := range s.sources(cfg) {
		seen[src.Name] = true
		p, want := s.streams[src.Name], cfg.For(src.Name)
		reason := notShared(src, want)
		switch {
		case p != nil && p.cancel != nil && reason == "" && !over(p):
			before := *p
			p.source, p.stream, p.media = src, want, cfg.MediaMTX
			adjust = append(adjust, func() { s.adjust(&before, cfg, src) })
		case p != nil && p.cancel == nil && reason != "" && p.source == src:
			p.reason = reason
		case p != nil && p.cancel != nil && over(p) && p.source == src && reflect.DeepEqual(p.stream, want) && p.media == cfg.MediaMTX:
		default:
			s.end(p)
			s.streams[src.Name] = s.begin(ctx, group, src, want, reason)
		}
	}
	for name, p := range s.streams { // order-free: each on its own
		if !seen[name] {
			s.end(p)
			delete(s.streams, name)
		}
	}
	s.mu.Unlock()
	for _, f := range adjust { // it talks to the node, which may be telling an event
		f()
	}
}

// over reports whether a publication has ended by itself.
func over(p *publication) bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// notShared is why a source is not to be shared; "" when it is.
func notShared(src ingest.Source, cfg config.Stream) string {
	switch {
	case cfg.Share != nil && !*cfg.Share:
		return "not shared: streams." + src.Name + ".share is no"
	case src.Access != ingest.Public && cfg.Access != "public":
		return src.Reason + " (set streams." + src.Name + ".access to public to share it all the same)"
	case len(src.Name) > chunk.MaxName:
		return "its name is too long"
	}
	return ""
}

// begin publishes a source, unless there is a reason not to. The lock is held.
func (s *Server) begin(ctx context.Context, group *sync.WaitGroup, src ingest.Source, cfg config.Stream, reason string) *publication {
	p := &publication{source: src, stream: cfg, media: s.config.Load().MediaMTX, since: time.Now(), ended: make(chan struct{}), reason: cmp.Or(reason, "starting")}
	if reason != "" {
		s.log.Info("path not shared", "path", src.Name, "reason", reason)
		close(p.ended)
		return p
	}
	ctx, p.cancel = context.WithCancel(ctx)
	before := s.last[src.Name]
	s.last[src.Name] = p
	group.Go(func() {
		defer s.forget(p)
		if before != nil { // the node takes part once in a stream
			<-before.ended
		}
		if err := s.publish(ctx, p); err != nil {
			s.log.Error("stream not shared", "stream", src.Name, "error", err)
			s.set1(src.Name, func(p *publication) { p.live, p.reason = false, err.Error() })
		}
	})
	return p
}

// forget lets the next of p's name begin.
func (s *Server) forget(p *publication) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last[p.source.Name] == p {
		delete(s.last, p.source.Name)
	}
	close(p.ended)
}

func (s *Server) end(p *publication) {
	if p != nil && p.cancel != nil {
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

// outputs are the egresses of a stream on this machine.
func (s *Server) outputs(name string, cfg config.Stream) wire.OutputsConfig {
	return wire.OutputsConfig{Stream: name, Wanted: cfg.Egress, Ready: func(output string, urls []string) {
		s.log.Info("output ready", "stream", name, "output", output, "urls", strings.Join(urls, " "))
	}}
}

// publishing is how a source is published.
func (s *Server) publishing(src ingest.Source, cfg config.Stream, lease *bus.Holding) (node.PublishConfig, error) {
	ic := ingestConfig(s.config.Load(), *cfg.Ingest, src.URL, cfg.Group)
	ic.Log = s.log
	in, err := s.set.Ingest(*cfg.Ingest, ic)
	if err != nil {
		return node.PublishConfig{}, err
	}
	return node.PublishConfig{
		Key: s.publisher, Ingest: in, Author: wire.Author, Substreams: cfg.Substreams, ChunkSize: cfg.ChunkSize,
		Authentication: cfg.Authentication, Parity: cfg.Parity.Int(), GroupSpan: cfg.Group,
		NextEpoch: lease.NextEpoch,
	}, nil
}

// adjust makes a stream that is published be as the config has it now, while it plays. before is how it was.
func (s *Server) adjust(before *publication, cfg *config.Config, src ingest.Source) {
	was, want := before.stream, cfg.For(src.Name)
	if before.lease == nil {
		return // it begins with what the config says then
	}
	var err error
	if !reflect.DeepEqual(was.Policy, want.Policy) {
		var policy node.PolicySource
		if policy, err = s.set.Policy(*want.Policy); err == nil {
			err = s.node.SetPolicy(src.Name, policy)
		}
	}
	if a := advice(want); !reflect.DeepEqual(advice(was), a) {
		before.client.Advise(a)
	}
	if err == nil && was.Weight != want.Weight {
		err = s.node.SetWeight(src.Name, want.Weight)
	}
	if err == nil && !reflect.DeepEqual(was.Egress, want.Egress) {
		err = s.set.ChangeOutputs(s.node, was.Egress, s.outputs(src.Name, want))
	}
	moved := before.source.URL != src.URL || before.media != cfg.MediaMTX && want.Ingest.Name == "mediamtx"
	if err == nil && (moved || !sameMedia(was, want)) {
		var pub node.PublishConfig
		if pub, err = s.publishing(src, want, before.lease); err == nil {
			err = s.node.Republish(src.Name, pub)
		}
	}
	if err != nil {
		s.log.Error("stream not adjusted", "stream", src.Name, "error", err)
	}
}

// advice is what viewers are told to use: the policy of the config, where they have it.
func advice(c config.Stream) rendezvous.Advice {
	var a rendezvous.Advice
	if c.Policy.Path == "" {
		a.Policy = rendezvous.Policy{Name: c.Policy.Name, Params: c.Policy.Params}
	}
	if t := c.ABTest; t != nil {
		a.Test, a.Share = &rendezvous.Policy{Name: t.Policy.Name, Params: t.Policy.Params}, t.Share
	}
	return a
}

// sameMedia reports whether two configs make the same of a source.
func sameMedia(a, b config.Stream) bool {
	return reflect.DeepEqual(a.Ingest, b.Ingest) && a.Group == b.Group && a.Substreams == b.Substreams &&
		a.ChunkSize == b.ChunkSize && a.Authentication == b.Authentication && a.Parity == b.Parity
}
