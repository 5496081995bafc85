// Package wire joins the core to its plugins by configuration: it turns a name or path and an isolation into the
// sources that a node is made of.
package wire

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/shoal-live/shoal/api/control"
	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/codecs/fec"
	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/codecs/zstd"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/builtin"
	"github.com/shoal-live/shoal/plugins/host"
	"github.com/shoal-live/shoal/plugins/schedulers/substream"
)

// Config describes a set.
type Config struct {
	Command []string   // that starts this binary's own plugins: [/path/shoal plugin serve]
	Environ []string   // what plugins may be given of the environment
	Dir     string     // for the private folders of plugin processes; "" for the system's temporary folder
	Version string     // of this binary
	Events  event.Sink // nil discards
	Log     *slog.Logger
}

// Set is the plugins of one process. Its methods may be called by several goroutines at once.
type Set struct {
	host   *host.Host
	log    *slog.Logger
	states states
}

// New makes a set. Nothing runs before Around does. Errors: what the host answers.
func New(cfg Config) (*Set, error) {
	s := &Set{log: cfg.Log}
	events := func(e event.Event) {
		s.states.follow(e)
		if cfg.Events != nil {
			cfg.Events(e)
		}
	}
	h, err := host.New(host.Config{
		Self: cfg.Command, Builtin: builtin.Plugins(), Dir: cfg.Dir, Environ: cfg.Environ, Version: cfg.Version,
		Events: events, Log: cfg.Log,
	})
	s.host = h
	return s, err
}

// Around keeps plugin processes while f runs, and ends them when f has returned.
func (s *Set) Around(ctx context.Context, f func(context.Context) error) error {
	hosting, stop := context.WithCancel(context.WithoutCancel(ctx))
	var group sync.WaitGroup
	group.Go(func() {
		if err := s.host.Run(hosting); err != nil {
			s.log.Error("plugin host", "error", err)
		}
	})
	defer group.Wait()
	defer stop()
	return f(ctx)
}

// specOf is how the host names a plugin of the config.
func specOf(kind bridge.Kind, c config.Plugin) host.Spec {
	spec := host.Spec{
		Kind: kind, Name: c.Name, Path: c.Path, SHA256: c.SHA256, Args: c.Args, Env: c.Env, Params: c.Params,
		Limits: host.Limits{Memory: uint64(c.Limits.Memory), CPU: c.Limits.CPU, Files: c.Limits.Files},
	}
	if c.Isolation == config.Inline {
		spec.Isolation = host.Inline
	}
	return spec
}

// spec is specOf a plugin that is to be used. Errors: lists the choices.
func (s *Set) spec(kind bridge.Kind, c config.Plugin) (host.Spec, error) {
	spec := specOf(kind, c)
	if c.Path == "" {
		if _, ok := bridge.Find(builtin.Plugins(), kind, c.Name); !ok {
			return spec, fmt.Errorf("no %s %q (have: %s)", kind, c.Name, strings.Join(bridge.Names(builtin.Plugins(), kind), ", "))
		}
	}
	s.states.add(kind, c)
	return spec, nil
}

// Transport is the source of a transport. Errors: lists the choices.
func (s *Set) Transport(c config.Plugin, identity ed25519.PrivateKey) (node.TransportSource, error) {
	spec, err := s.spec(bridge.KindTransport, c)
	tc := transport.Config{Identity: identity, Listen: c.Listen, Params: c.Params, Log: s.log}
	return node.TransportSource{Name: c.Name, Start: func(ctx context.Context) (transport.Transport, error) {
		return s.host.Transport(ctx, spec, tc)
	}}, err
}

// Policy is the source of a policy. Errors: lists the choices.
func (s *Set) Policy(c config.Plugin) (node.PolicySource, error) {
	spec, err := s.spec(bridge.KindPolicy, c)
	if err != nil {
		return node.PolicySource{}, err
	}
	source := node.PolicySource{Name: rendezvous.Policy{Name: c.Name, Params: c.Params}.Label()}
	if spec.Isolation == host.Inline {
		source.Inline = func() (scheduler.Policy, error) { return s.host.Policy(context.Background(), spec, c.Params) }
		return source, nil
	}
	source.Start = func(ctx context.Context) (node.PolicyHandle, error) {
		p, err := s.host.Policy(ctx, spec, c.Params)
		if err != nil {
			return nil, err // and no typed nil
		}
		return p, nil
	}
	return source, nil
}

// Ingest starts the ingest of one source. Errors: lists the choices.
func (s *Set) Ingest(c config.Plugin, ic ingest.Config) (func(context.Context) (ingest.Ingest, error), error) {
	spec, err := s.spec(bridge.KindIngest, c)
	return func(ctx context.Context) (ingest.Ingest, error) { return s.host.Ingest(ctx, spec, ic) }, err
}

// Discover follows what a server offers until ctx ends; a discoverer that dies is started again. Errors: lists the
// choices; the config is wrong; the ingest cannot list what a server offers.
func (s *Set) Discover(ctx context.Context, c config.Plugin, ic ingest.Config, found func(ingest.Found)) error {
	spec, err := s.spec(bridge.KindIngest, c)
	if err != nil {
		return err
	}
	for {
		d, err := s.host.Discoverer(ctx, spec, ic)
		if err == nil {
			err = d.Discover(ctx, found)
		}
		switch {
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, ingest.ErrConfig), errors.Is(err, bridge.ErrNotOffered), errors.Is(err, host.ErrSpec), errors.Is(err, host.ErrRefused):
			return fmt.Errorf("ingest %s: %w", c.Name, err)
		}
		s.log.Error("discovery ended", "ingest", c.Name, "error", err)
		pause := time.NewTimer(500 * time.Millisecond)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
}

// Plugins lists what the set was asked for.
func (s *Set) Plugins() []control.Plugin { return measured(s.states.list(), s.host.Plugins()) }

// Authentications are the methods that every node understands.
func Authentications() []chunk.Authentication { return sign.Catalogue() }

// Author makes the author of a stream, which makes parity too where the stream has some.
func Author(d *chunk.Descriptor, key ed25519.PrivateKey) (chunk.Author, error) {
	return sign.NewParityAuthor(d, key, fec.New().Parity)
}

// Restorer restores groups from their parity, for all streams of one node.
func Restorer() chunk.Restorer { return fec.New() }

// Fallback decides while a policy is late or dead.
func Fallback() (scheduler.Policy, error) {
	return substream.New(nil)
}

// Seed is fresh chance for one stream of one node.
func Seed() uint64 { return rand.Uint64() }

// Public is the public half of a key.
func Public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

// Compressor shortens control frames.
func Compressor() node.Compressor { return packer{} }

type packer struct{}

func (packer) Compress(dst, src []byte) []byte { return zstd.Compress(dst, src) }

func (packer) Decompress(dst, src []byte, most int) ([]byte, error) {
	return zstd.Decompress(dst, src, most)
}

// Known is what the config may name.
func Known() config.Known {
	k := config.Known{
		Transports: bridge.Names(builtin.Plugins(), bridge.KindTransport),
		Policies:   bridge.Names(builtin.Plugins(), bridge.KindPolicy),
		Ingests:    bridge.Names(builtin.Plugins(), bridge.KindIngest),
		Egresses:   bridge.Names(builtin.Plugins(), bridge.KindEgress),
	}
	for _, a := range sign.Catalogue() {
		k.Authentications = append(k.Authentications, a.Name())
	}
	return k
}
