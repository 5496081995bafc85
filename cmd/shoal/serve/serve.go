package serve

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/shoal-live/shoal/api/bus"
	"github.com/shoal-live/shoal/api/control"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/keys"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/transport"
)

// healthEvery is how often an origin says how it is.
const healthEvery = 5 * time.Second

// Options are what a server is made of.
type Options struct {
	Config  config.Config
	Version string
	Command []string // that starts this binary's own plugins: [/path/shoal plugin serve]
	Environ []string // what plugins may be given of the environment
	Log     *slog.Logger
	// Announce is called with the link of each stream when it is first live; nil for none.
	Announce func(name, url string)
	// Events hears every event too; nil for none.
	Events event.Sink
}

// Server is one `shoal serve`.
type Server struct {
	opts      Options
	log       *slog.Logger
	publisher ed25519.PrivateKey
	started   time.Time

	set     *wire.Set
	bus     *bus.Bus
	meeting *Meeting // nil with a remote rendezvous
	node    *node.Node
	control *httpServer

	registry chan func(context.Context) error // changes that wait for the bus

	mu      sync.Mutex
	streams map[string]*publication
	source  error // why the media server does not answer
}

// Open binds everything, so that what cannot work is said before anything begins. Errors name the config's key.
func Open(ctx context.Context, opts Options) (_ *Server, err error) {
	s := &Server{opts: opts, log: opts.Log, started: time.Now(), streams: make(map[string]*publication), registry: make(chan func(context.Context) error, 256)}
	cfg := &s.opts.Config
	if s.publisher, err = keys.Open(cfg.DataDir, keys.Publisher); err != nil {
		return nil, err
	}
	identity, err := keys.Open(cfg.DataDir, keys.Node)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.bus, err = bus.Open(ctx, bus.Config{URL: cfg.Bus.URL, Listen: cfg.Bus.Listen, DataDir: cfg.DataDir, Log: s.log}); err != nil {
		return nil, err
	}
	if cfg.Rendezvous.Remote == "" {
		own := []ed25519.PublicKey{s.publisher.Public().(ed25519.PublicKey)}
		if s.meeting, err = OpenMeeting(cfg.Rendezvous, own, s.log); err != nil {
			return nil, err
		}
	}
	s.set, err = wire.New(wire.Config{Command: opts.Command, Environ: opts.Environ, Version: opts.Version, Events: s.event, Log: s.log})
	if err != nil {
		return nil, err
	}
	carrier, err := s.set.Transport(cfg.Transport, identity)
	if err != nil {
		return nil, err
	}
	s.node, err = node.New(node.Config{
		Identity: identity, Transports: []node.TransportSource{carrier}, Authentications: wire.Authentications(),
		Compressor: wire.Compressor(), Uplink: cfg.Uplink.Bytes(), Events: s.event, Log: s.log,
	})
	if err != nil {
		return nil, err
	}
	s.control, err = listen("control.listen", cfg.Control.Listen, control.New(s), s.log)
	return s, err
}

// close ends what Open has begun.
func (s *Server) close() {
	if s.control != nil {
		_ = s.control.listener.Close()
	}
	if s.meeting != nil {
		s.meeting.close()
		s.meeting.Server.Close()
	}
	if s.bus != nil {
		s.bus.Close()
	}
}

// Run serves until ctx ends. It is called once, and returns when everything has ended.
func (s *Server) Run(ctx context.Context) error {
	defer s.bus.Close()
	parts := []func(context.Context) error{
		s.carry, s.control.run, s.discover, s.reportHealth, s.keepRegistry,
	}
	if s.meeting != nil {
		parts = append(parts, s.meeting.Run)
	}
	return s.set.Around(ctx, func(ctx context.Context) error { return wire.Together(ctx, parts...) })
}

// carry runs the node, and names the key of what ends it.
func (s *Server) carry(ctx context.Context) error {
	err := s.node.Run(ctx)
	if errors.Is(err, transport.ErrAddress) {
		return fmt.Errorf("transport.listen: %w", err)
	}
	return err
}

// Base is the URL that links begin with.
func (s *Server) Base() string {
	if s.meeting != nil {
		return s.meeting.URL
	}
	return s.opts.Config.Rendezvous.Remote
}

// ControlURL is where the control API answers.
func (s *Server) ControlURL() string { return "http://" + s.control.listener.Addr().String() }

// Node is the node that publishes.
func (s *Server) Node() *node.Node { return s.node }

// Bus is the bus of this server.
func (s *Server) Bus() *bus.Bus { return s.bus }

// event takes what happened: for the bus, the log, and whoever listens.
func (s *Server) event(e event.Event) {
	if s.bus != nil {
		s.bus.Sink()(e)
	}
	if s.opts.Events != nil {
		s.opts.Events(e)
	}
	s.follow(e)
}

// discover follows the media server's paths until ctx ends.
func (s *Server) discover(ctx context.Context) error {
	var group sync.WaitGroup
	defer group.Wait()
	return s.set.Discover(ctx, s.opts.Config.Ingest, s.ingestConfig("", 0), func(f ingest.Found) {
		s.mu.Lock()
		changed := (s.source == nil) != (f.Err == nil) || s.source != nil && s.source.Error() != f.Err.Error()
		s.source = f.Err
		s.mu.Unlock()
		if changed && f.Err != nil {
			s.log.Error("media server", "error", f.Err)
		} else if changed {
			s.log.Info("media server answers again", "api", s.opts.Config.MediaMTX.API)
		}
		if f.Err == nil {
			s.reconcile(ctx, &group, f.Sources)
		}
	})
}

// ingestConfig is what the ingest of a source is given; url "" is for discovery.
func (s *Server) ingestConfig(url string, span time.Duration) ingest.Config {
	m := &s.opts.Config.MediaMTX
	params := map[string]string{"api": m.API, "poll": m.Poll.String()}
	for key, value := range map[string]string{"rtsp": m.RTSP, "user": m.User, "pass": m.Pass} {
		if value != "" {
			params[key] = value
		}
	}
	for key, value := range s.opts.Config.Ingest.Params {
		params[key] = value
	}
	return ingest.Config{Source: url, Span: span, Params: params, Log: s.log}
}

// reportHealth says how this origin is, now and then.
func (s *Server) reportHealth(ctx context.Context) error {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	var sent uint64
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		st, err := s.node.Stats()
		if errors.Is(err, node.ErrClosed) {
			return nil
		}
		now := time.Now()
		egress := float64(st.Sent-min(sent, st.Sent)) / now.Sub(last).Seconds()
		sent, last = st.Sent, now
		s.event(event.OriginHealth{Streams: len(st.Streams), Peers: st.Links, UplinkCap: st.Cap, Egress: uint64(egress)})
	}
}
