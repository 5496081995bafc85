// Package watch is `shoal watch`: it joins a stream, feeds other viewers, and hands what it gets to players. It is `shoal helper` too,
// which feeds viewers and hands nothing to anybody.
package watch

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"log/slog"
	"sync"
	"time"

	"github.com/shoal-live/shoal/api/control"
	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/keys"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// Options are what a viewer is made of.
type Options struct {
	URL       string           // of the stream: http(s)://host:port/name
	Role      swarm.Role       // swarm.Viewer or swarm.Helper, which has no outputs; 0 for swarm.Viewer
	HLS       string           // address of the LL-HLS server; "" for none
	RTSP      string           // address of the RTSP server; "" for none
	Publish   string           // RTSP URL to publish to; "" for none
	Pipe      string           // path to write fMP4 to, "-" for standard output; "" for none
	Egress    config.Outputs   // further outputs; of one name with one of those above, this one
	Taps      []node.Output    // egresses of this process, beside those of the config, which must have other names
	Uplink    config.Rate      // cap; 0 for none
	Listen    string           // of the transport; "" for any free port
	Transport config.Plugin    // without name and path quic
	Policy    config.Plugin    // without name and path substream
	Isolation config.Isolation // of egresses, and of transport and policy where those say none
	Command   []string         // that starts this binary's own plugins
	Environ   []string         // what plugins may be given of the environment
	Log       *slog.Logger
	LogLevel  string // which Live.Level is set to
	Live      Live   // how all this may change while it plays
	Events    event.Sink
	// Carry stands between the node and each life of its transport, for those who try how a swarm bears it; nil for none.
	Carry func(transport.Transport) transport.Transport
	// Ready is called with the URLs of each output that is up; nil for none.
	Ready func(output string, urls []string)
}

// Viewer is one `shoal watch`.
type Viewer struct {
	opts Options
	set  *wire.Set
	node *node.Node
	info rendezvous.StreamInfo

	stream   node.StreamConfig
	identity ed25519.PrivateKey

	wanted wanted // what is in effect; follow's, but for its policy

	mu     sync.Mutex         // of what follows, and of the policy wanted: the rendezvous' goroutine has a say in it
	policy string             // that decides, by its label
	asked  *rendezvous.Policy // what the operator of the stream wants; nil: nothing was said
}

// Open looks the stream up and makes what plays it. Errors say what is wrong with the link, and what there is instead.
func Open(ctx context.Context, opts Options) (*Viewer, error) {
	opts.Role = cmp.Or(opts.Role, swarm.Viewer)
	wanted := opts.wanted()
	if err := wanted.suits(opts.Role); err != nil {
		return nil, err
	}
	info, err := rendezvous.Resolve(ctx, opts.URL, nil)
	if err != nil {
		return nil, err
	}
	if opts.Events == nil {
		opts.Events = func(event.Event) {}
	}
	v := &Viewer{opts: opts, info: info, wanted: wanted}
	if v.identity, err = keys.Fresh(); err != nil {
		return nil, err
	}
	v.set, err = wire.New(wire.Config{Command: opts.Command, Environ: opts.Environ, Events: opts.Events, Log: opts.Log})
	if err != nil {
		return nil, err
	}
	if err := v.set.Verify(v.wanted.uses()); err != nil {
		return nil, err
	}
	carrier, err := v.carrier(v.wanted.transport)
	if err != nil {
		return nil, err
	}
	v.node, err = node.New(node.Config{
		Identity: v.identity, Transports: []node.TransportSource{carrier}, Authentications: wire.Authentications(),
		Restorer: wire.Restorer(), Compressor: wire.Compressor(), Uplink: opts.Uplink.Bytes(), Events: opts.Events, Log: opts.Log,
	})
	if err != nil {
		return nil, err
	}
	return v, v.prepare()
}

// carrier is the source of a transport. Errors: lists the choices.
func (v *Viewer) carrier(p config.Plugin) (node.TransportSource, error) {
	source, err := v.set.Transport(p, v.identity)
	if start := source.Start; err == nil && v.opts.Carry != nil {
		source.Start = func(ctx context.Context) (transport.Transport, error) {
			t, err := start(ctx)
			if err != nil {
				return nil, err
			}
			return v.opts.Carry(t), nil
		}
	}
	return source, err
}

// Name is the stream's.
func (v *Viewer) Name() string { return v.info.Name }

// Node is the viewer's node.
func (v *Viewer) Node() *node.Node { return v.node }

// Run plays until ctx ends, and returns when everything has ended. It is called once. Errors: what will not
// mend by trying again.
func (v *Viewer) Run(ctx context.Context) error {
	return v.set.Around(ctx, func(ctx context.Context) error {
		if err := v.set.Start(ctx, v.wanted.uses()); err != nil {
			return err
		}
		return wire.Together(ctx, v.node.Run, v.join, v.follow)
	})
}

// join takes part in the stream, and watches whether the rendezvous lets it.
func (v *Viewer) join(ctx context.Context) error {
	if err := v.node.Join(v.stream); err != nil {
		return err
	}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		st, err := v.node.Stats()
		if err != nil {
			return nil
		}
		if len(st.Streams) > 0 && st.Streams[0].Refused != nil {
			return st.Streams[0].Refused
		}
	}
}

// Plugins lists those of the viewer.
func (v *Viewer) Plugins() []control.Plugin { return v.set.Plugins() }
