package quic

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/core/transport/transporttest"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
)

// plugin is what the catalogue has. made is told of each one that is made in this process.
func plugin(made func(*Transport)) sdk.Plugin {
	return sdk.Transport("quic", func(cfg transport.Config) (transport.Transport, error) {
		q, err := New(cfg)
		if err != nil {
			return nil, err // and no typed nil
		}
		made(q)
		return q, nil
	})
}

func TestContract(t *testing.T) {
	plugintest.EveryWay(t, func(t *testing.T, way plugintest.Way) { contract(t, way, with("packet")) })
}

func TestContractWithDatagrams(t *testing.T) { contract(t, plugintest.Inline, with("datagram")) }

func TestContractWithStreams(t *testing.T) { contract(t, plugintest.Inline, with("stream")) }

// with is the parameters of a way of sending chunk frames.
func with(chunks string) map[string]string { return map[string]string{"chunks": chunks} }

func contract(t *testing.T, way plugintest.Way, params map[string]string) {
	transporttest.Suite(t, func(t *testing.T, cfg transport.Config) transporttest.Endpoint {
		if cfg.Listen == "" {
			cfg.Listen = "127.0.0.1:0"
		}
		cfg.Params = params
		var here *Transport // unless it is in a process of its own
		rig := plugintest.New(t, way, plugin(func(q *Transport) { here = q }))
		made, err := rig.Transport(cfg)
		if err != nil {
			t.Fatal(err)
		}
		e := &eavesdropper{Transport: made}
		return transporttest.Endpoint{
			Transport: e,
			Vanish: func() {
				if way != plugintest.Process {
					vanish(t, here)
				} else if rig.Kill() != 1 {
					t.Error("there was no process to kill")
				}
			},
			Garbage: func() { harass(t, e.address(t)) },
		}
	})
}

// vanish takes the socket away, as the death of the process does.
func vanish(t *testing.T, q *Transport) {
	if err := q.live.Load().socket.Close(); err != nil {
		t.Errorf("close the socket: %v", err)
	}
}

// eavesdropper learns where its endpoint listens.
type eavesdropper struct {
	transport.Transport
	at swarm.Address
}

// Run listens in on Listening.
func (e *eavesdropper) Run(ctx context.Context, sink transport.Sink) error {
	return e.Transport.Run(ctx, listenings{sink, e})
}

func (e *eavesdropper) address(t *testing.T) *net.UDPAddr {
	to, err := net.ResolveUDPAddr("udp", strings.TrimPrefix(string(e.at), "quic:"))
	if err != nil {
		t.Fatal(err)
	}
	return to
}

type listenings struct {
	transport.Sink
	e *eavesdropper
}

// Listening takes the first address.
func (l listenings) Listening(a []swarm.Address) {
	l.e.at = a[0]
	l.Sink.Listening(a)
}
