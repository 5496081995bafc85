package plugintest_test

import (
	"context"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/core/transport/transporttest"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
	"github.com/shoal-live/shoal/transports/memory"
)

func TestMain(m *testing.M) { plugintest.Main(m, os.Args) }

// whole skips, under -short, what runs in a process of its own, where the race detector sees nothing of this one.
func whole(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED under -short: it runs in a process of its own; run it without")
	}
}

// TestMemoryKeepsTheTransportContractBehindEveryBoundary has all endpoints of a test in one network, within the process.
func TestMemoryKeepsTheTransportContractBehindEveryBoundary(t *testing.T) {
	for _, way := range []plugintest.Way{plugintest.GRPC, plugintest.Data} {
		t.Run(way.String(), func(t *testing.T) {
			var mu sync.Mutex
			networks := map[*testing.T]*memory.Network{} // one a test
			transporttest.Suite(t, func(t *testing.T, cfg transport.Config) transporttest.Endpoint {
				mu.Lock()
				defer mu.Unlock()
				n := networks[t]
				if n == nil {
					var err error
					if n, err = memory.NewNetwork(memory.Config{Delay: time.Millisecond, Jitter: time.Millisecond, Seed: 1}); err != nil {
						t.Fatal(err)
					}
					networks[t] = n
				}
				rig := plugintest.New(t, way, sdk.Transport("memory", func(cfg transport.Config) (transport.Transport, error) {
					return n.Endpoint(cfg), nil
				}))
				made, err := rig.Transport(cfg)
				if err != nil {
					t.Fatal(err)
				}
				e := &named{Transport: made}
				return transporttest.Endpoint{Transport: e, Vanish: func() { n.Isolate(e.name) }}
			})
		})
	}
}

// named learns the name that its endpoint took.
type named struct {
	transport.Transport
	name string
}

// Run listens in on Listening.
func (e *named) Run(ctx context.Context, sink transport.Sink) error {
	return e.Transport.Run(ctx, naming{sink, e})
}

type naming struct {
	transport.Sink
	e *named
}

// Listening takes the name.
func (n naming) Listening(a []swarm.Address) {
	n.e.name = string(a[0][len("memory:"):])
	n.Sink.Listening(a)
}
