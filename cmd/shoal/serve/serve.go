package serve

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-live/shoal/api/bus"
	"github.com/shoal-live/shoal/api/control"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/keys"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// healthEvery is how often an origin says how it is.
const healthEvery = 5 * time.Second

// Options are what a server is made of.
type Options struct {
	Config  config.Config
	Live    Live // how the config may change while it runs
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
	identity  ed25519.PrivateKey // of the node
	started   time.Time

	set     *wire.Set
	bus     *bus.Bus
	meeting *Meeting // nil with a remote rendezvous
	node    *node.Node
	control *httpServer

	registry chan func(context.Context) error // changes that wait for the bus

	config     atomic.Pointer[config.Config] // in effect
	settings   settings
	look       chan struct{} // has room for one: what is published may not be what should be
	rediscover chan struct{} // has room for one: the media server or its ingest is another

	mu      sync.Mutex
	streams map[string]*publication
	last    map[string]*publication // the newest of each name that was shared, ended ones too
	found   []ingest.Source         // what the media server lists
	source  error                   // why it does not answer
}

// Open binds everything, so that what cannot work is said before anything begins. Errors name the config's key.
func Open(ctx context.Context, opts Options) (_ *Server, err error) {
	s := &Server{
		opts: opts, log: opts.Log, started: time.Now(), streams: make(map[string]*publication), last: make(map[string]*publication),
		registry: make(chan func(context.Context) error, 256), look: make(chan struct{}, 1), rediscover: make(chan struct{}, 1),
	}
	cfg := &s.opts.Config
	if s.publisher, err = keys.Open(cfg.DataDir, keys.Publisher); err != nil {
		return nil, err
	}
	if s.identity, err = keys.Open(cfg.DataDir, keys.Node); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	origin := swarm.PeerID(wire.Public(s.identity)).Text() // the same after a restart: it need not wait for itself to go
	if s.bus, err = bus.Open(ctx, bus.Config{Origin: origin, URL: cfg.Bus.URL, Listen: cfg.Bus.Listen, DataDir: cfg.DataDir, Log: s.log}); err != nil {
		return nil, err
	}
	s.recall(ctx)
	cfg = s.config.Load()
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
	if err = s.set.Verify(named(cfg)); err != nil {
		return nil, err
	}
	carrier, err := s.set.Transport(cfg.Resolve("transport", cfg.Transport), s.identity)
	if err != nil {
		return nil, err
	}
	s.node, err = node.New(node.Config{
		Identity: s.identity, Transports: []node.TransportSource{carrier}, Authentications: wire.Authentications(),
		Restorer: wire.Restorer(), Compressor: wire.Compressor(), Uplink: cfg.Uplink.Bytes(), Events: s.event, Log: s.log,
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

// Run serves until ctx ends. It is called once, and returns when everything has ended. A plugin that does not start keeps
// it from beginning.
func (s *Server) Run(ctx context.Context) error {
	defer s.bus.Close()
	parts := []func(context.Context) error{
		s.carry, s.control.run, s.discover, s.publishAll, s.reportHealth, s.keepRegistry, s.followFile, s.followBus,
	}
	if s.meeting != nil {
		parts = append(parts, s.meeting.Run)
	}
	return s.set.Around(ctx, func(ctx context.Context) error {
		if err := s.set.Start(ctx, s.config.Load().Uses()); err != nil {
			return err
		}
		return wire.Together(ctx, parts...)
	})
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
	return s.config.Load().Rendezvous.Remote
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
