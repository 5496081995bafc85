// Package wire joins the core to its plugins by configuration: it turns a name or path and an isolation into the
// sources that a node is made of.
package wire

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"math/rand/v2"

	"github.com/shoal-live/shoal/api/control"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/codecs/zstd"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/builtin"
	"github.com/shoal-live/shoal/plugins/egress/pipe"
)

// Config describes a set.
type Config struct {
	Command []string   // that starts this binary's own plugins: [/path/shoal plugin serve]
	DataDir string     // unused by inline plugins
	Events  event.Sink // never nil
	Log     *slog.Logger
}

// Set is the plugins of one process.
type Set struct {
	cfg Config
}

// New makes a set. Nothing runs before its sources are started.
func New(cfg Config) *Set { return &Set{cfg: cfg} }

// find is the built-in that a plugin's config names. Errors: lists the choices.
func find(kind bridge.Kind, name string) (bridge.Plugin, error) {
	p, ok := bridge.Find(builtin.Plugins(), kind, name)
	if !ok {
		return p, fmt.Errorf("no %s %q (have: %v)", kind, name, bridge.Names(builtin.Plugins(), kind))
	}
	return p, nil
}

// Transport is the source of a transport. Errors: lists the choices.
func (s *Set) Transport(c config.Plugin, identity ed25519.PrivateKey) (node.TransportSource, error) {
	tc := transport.Config{Identity: identity, Listen: c.Listen, Params: c.Params, Log: s.cfg.Log}
	p, err := find(bridge.KindTransport, c.Name)
	return node.TransportSource{Name: c.Name, Start: func(context.Context) (transport.Transport, error) { return p.Transport(tc) }}, err
}

// Policy is the source of a policy. Errors: lists the choices.
func (s *Set) Policy(c config.Plugin) (node.PolicySource, error) {
	p, err := find(bridge.KindPolicy, c.Name)
	return node.PolicySource{Name: c.Name, Inline: func() (scheduler.Policy, error) { return p.Policy(c.Params) }}, err
}

// Ingest starts the ingest of one source. Errors: lists the choices.
func (s *Set) Ingest(c config.Plugin, ic ingest.Config) (func(context.Context) (ingest.Ingest, error), error) {
	p, err := find(bridge.KindIngest, c.Name)
	return func(context.Context) (ingest.Ingest, error) { return p.Ingest(ic) }, err
}

// Discoverer follows what a server offers. Errors: lists the choices; the ingest cannot list.
func (s *Set) Discoverer(c config.Plugin, ic ingest.Config) (func(context.Context, func(ingest.Found)) error, error) {
	p, err := find(bridge.KindIngest, c.Name)
	if err != nil {
		return nil, err
	}
	if p.Discoverer == nil {
		return nil, fmt.Errorf("ingest %q cannot list what a server offers: choose one that can", c.Name)
	}
	d, err := p.Discoverer(ic)
	if err != nil {
		return nil, err
	}
	return d.Discover, nil
}

// OutputConfig describes one egress.
type OutputConfig struct {
	Plugin config.Plugin
	Egress egress.Config // Listen "-" is this process's standard output, for pipe
}

// Output is an egress as a node takes it. Errors: lists the choices.
func (s *Set) Output(c OutputConfig) (node.Output, error) {
	p, err := find(bridge.KindEgress, c.Plugin.Name)
	if err != nil {
		return node.Output{}, err
	}
	if c.Plugin.Name == "pipe" && c.Egress.Listen == "-" {
		out, err := pipe.Stdout()
		if err != nil {
			return node.Output{}, err
		}
		p.Egress = pipe.To(out, "standard output")
	}
	return node.Output{Name: c.Plugin.Name, Start: func(context.Context) (egress.Egress, error) { return p.Egress(c.Egress) }}, nil
}

// Plugins lists what the set was asked for.
func (s *Set) Plugins() []control.Plugin { return nil }

// Run keeps plugin processes until ctx ends.
func (s *Set) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Authentications are the methods that every node understands.
func Authentications() []chunk.Authentication { return sign.Catalogue() }

// Author makes the author of a stream.
func Author(d *chunk.Descriptor, key ed25519.PrivateKey) (chunk.Author, error) {
	return sign.NewAuthor(d, key)
}

// Fallback decides while a policy is late or dead.
func Fallback() (scheduler.Policy, error) {
	p, err := find(bridge.KindPolicy, "substream")
	if err != nil {
		return nil, err
	}
	return p.Policy(nil)
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
	}
	for _, a := range sign.Catalogue() {
		k.Authentications = append(k.Authentications, a.Name())
	}
	return k
}
