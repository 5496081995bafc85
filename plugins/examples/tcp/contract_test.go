package main

import (
	"context"
	"strings"
	"testing"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/core/transport/transporttest"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
)

func TestContract(t *testing.T) {
	for _, way := range plugintest.Ways() {
		t.Run(way.String(), func(t *testing.T) {
			transporttest.Suite(t, func(t *testing.T, cfg transport.Config) transporttest.Endpoint { return reach(t, way, cfg) })
		})
	}
}

// reach makes an endpoint behind a boundary.
func reach(t *testing.T, way plugintest.Way, cfg transport.Config) transporttest.Endpoint {
	if cfg.Listen == "" {
		cfg.Listen = "127.0.0.1:0"
	}
	var here *Transport // unless it is in a process of its own
	rig := plugintest.New(t, way, sdk.Transport(scheme, func(cfg transport.Config) (transport.Transport, error) {
		made, err := New(cfg)
		if err == nil {
			here = made.(*Transport)
		}
		return made, err
	}))
	made, err := rig.Transport(cfg)
	if err != nil {
		t.Fatal(err)
	}
	e := &eavesdropper{Transport: made}
	return transporttest.Endpoint{
		Transport: e,
		Vanish: func() {
			if way != plugintest.Process {
				vanish(here.live.Load())
			} else if rig.Kill() != 1 {
				t.Error("there was no process to kill")
			}
		},
		Garbage: func() { harass(t, strings.TrimPrefix(string(e.at), scheme+":")) },
	}
}

// vanish resets all connections and listens no more, which is all that others see of a process that dies.
func vanish(e *endpoint) {
	e.meter.mu.Lock()
	defer e.meter.mu.Unlock()
	for w := range e.meter.wires { // order-free: all end
		reset(w.TCPConn)
	}
	_ = e.listener.Close()
}

// eavesdropper learns where its transport listens.
type eavesdropper struct {
	transport.Transport
	at swarm.Address
}

// Run listens in on Listening.
func (e *eavesdropper) Run(ctx context.Context, sink transport.Sink) error {
	return e.Transport.Run(ctx, hearing{sink, e})
}

type hearing struct {
	transport.Sink
	e *eavesdropper
}

// Listening takes the address.
func (h hearing) Listening(a []swarm.Address) {
	h.e.at = a[0]
	h.Sink.Listening(a)
}
