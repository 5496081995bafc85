package plugintest_test

import (
	"context"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler/schedulertest"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/core/transport/transporttest"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/builtin"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
	"github.com/shoal-live/shoal/transports/memory"
)

func TestMain(m *testing.M) { plugintest.Main(m, os.Args, builtin.Plugins()...) }

func builtIn(t *testing.T, kind bridge.Kind, name string) bridge.Plugin {
	t.Helper()
	p, ok := bridge.Find(builtin.Plugins(), kind, name)
	if !ok {
		t.Fatalf("no built-in %s/%s", kind, name)
	}
	return p
}

// boundaries are the ways but for Inline, which every implementation's own package has. With -short, which the race
// detector is run with, it is the one way that is used by default and stays within this process.
func boundaries(t *testing.T) []plugintest.Way {
	t.Helper()
	if testing.Short() {
		t.Log("SKIPPED under -short: gRPC, and a process of its own; run the test without it")
		return []plugintest.Way{plugintest.Data}
	}
	return slices.DeleteFunc(plugintest.Ways(), func(w plugintest.Way) bool { return w == plugintest.Inline })
}

// whole skips, under -short, what runs in a process of its own, where the race detector sees nothing of this one.
func whole(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED under -short: it runs in a process of its own; run it without")
	}
}

func TestSubstreamKeepsThePolicyContractBehindEveryBoundary(t *testing.T) {
	for _, way := range boundaries(t) {
		t.Run(way.String(), func(t *testing.T) {
			schedulertest.Suite(t, plugintest.New(t, way, builtIn(t, bridge.KindPolicy, "substream")).Policy)
		})
	}
}

// TestTheOtherPoliciesKeepTheContractBehindTheDataChannel takes the one way that is used by default: substream takes all.
func TestTheOtherPoliciesKeepTheContractBehindTheDataChannel(t *testing.T) {
	whole(t) // substream takes the same way
	for _, name := range []string{"clubs", "latest", "rarest", "edf"} {
		t.Run(name, func(t *testing.T) {
			schedulertest.Suite(t, plugintest.New(t, plugintest.Data, builtIn(t, bridge.KindPolicy, name)).Policy)
		})
	}
}

func TestQUICKeepsTheTransportContractAsAProcess(t *testing.T) {
	whole(t)
	transporttest.Suite(t, func(t *testing.T, cfg transport.Config) transporttest.Endpoint {
		if cfg.Listen == "" {
			cfg.Listen = "127.0.0.1:0"
		}
		rig := plugintest.New(t, plugintest.Process, builtIn(t, bridge.KindTransport, "quic"))
		made, err := rig.Transport(cfg)
		if err != nil {
			t.Fatal(err)
		}
		return transporttest.Endpoint{Transport: made, Vanish: func() {
			if rig.Kill() != 1 {
				t.Error("there was no process to kill")
			}
		}}
	})
}

// TestMemoryKeepsTheTransportContractBehindEveryBoundary has all endpoints of a test in one network, within the process.
func TestMemoryKeepsTheTransportContractBehindEveryBoundary(t *testing.T) {
	ways := []plugintest.Way{plugintest.GRPC, plugintest.Data}
	if testing.Short() {
		ways = boundaries(t)
	}
	for _, way := range ways {
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
