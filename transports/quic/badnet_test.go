package quic

import (
	"encoding/binary"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/transports/quic/impair"
)

// badly runs a node whose network is bad.
func badly(t testing.TB, impairment string) *node {
	t.Helper()
	return startAt(t, transport.Config{Listen: "127.0.0.1:0", Params: map[string]string{"impair": impairment}})
}

func (n *node) impaired(t testing.TB) impair.Stats {
	t.Helper()
	c, ok := n.live.Load().socket.out.(*impair.Conn)
	if !ok {
		t.Fatal("the outlet is not impaired")
	}
	return c.Stats()
}

// The contract holds over a bad network too, from a process of its own as well. Loss is not in it: the suite counts chunk
// frames.
func TestContractOverABadNetwork(t *testing.T) {
	for _, way := range []plugintest.Way{plugintest.Inline, plugintest.Process} {
		if way == plugintest.Process && testing.Short() {
			t.Log("SKIPPED under -short: a process of its own; run the test without it")
			continue
		}
		t.Run(way.String(), func(t *testing.T) {
			contract(t, way, map[string]string{"impair": "latency=10ms,sigma=0.3,min=5ms,jitter=2ms,uplink=100M,seed=1"})
		})
	}
}

// quic-go still segments, and what it segmented leaves so again.
func TestBadNetworkKeepsTheFastPath(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skipf("SKIPPED: segmentation offload is Linux's; this is %s", runtime.GOOS)
	}
	a, b := badly(t, "latency=5ms"), badly(t, "latency=5ms")
	here := a.link(t, b)
	if !a.live.Load().link(here).conn.ConnectionState().GSO {
		t.Error("no segmentation offload")
	}
	before := a.impaired(t)
	if err := a.SendControl(here, make([]byte, 100_000)); err != nil {
		t.Fatal(err)
	}
	b.sink.await(t, "the frame", func(s *tape) bool { return len(s.control) == 1 })
	after := a.impaired(t)
	if sent, writes := after.Sent-before.Sent, after.Writes-before.Writes; sent < 2*writes {
		t.Errorf("%d packets left in %d messages", sent, writes)
	}
}

// Links have the round trip of two ways, and lose of chunk frames what is said, while control frames all arrive.
func TestBadNetworkDelaysAndLoses(t *testing.T) {
	const how = "latency=30ms,jitter=2ms,loss=20%,seed=1"
	a, b := badly(t, how), badly(t, how)
	here := a.link(t, b)
	const frames, controls = 500, 50
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for i := range frames {
		<-tick.C
		a.SendChunks([]transport.Frame{{Data: binary.BigEndian.AppendUint32(nil, uint32(i)), To: []transport.LinkID{here}}})
		if i%(frames/controls) == 0 {
			if err := a.SendControl(here, []byte{byte(i / (frames / controls))}); err != nil {
				t.Fatal(err)
			}
		}
	}
	b.sink.await(t, "the control frames", func(s *tape) bool { return len(s.control) == controls })
	a.sink.await(t, "the round trip", func(s *tape) bool { return s.measured.RTT > 0 })
	a.sink.mu.Lock()
	rtt := a.sink.measured.RTT
	a.sink.mu.Unlock()
	if rtt < 60*time.Millisecond || rtt > 120*time.Millisecond {
		t.Errorf("the round trip is %v; want 60ms and a little", rtt)
	}
	b.sink.mu.Lock()
	defer b.sink.mu.Unlock()
	if n := len(b.sink.chunks); n < frames*70/100 || n > frames*90/100 {
		t.Errorf("%d of %d chunk frames arrived; want 80 %%", n, frames)
	}
	if !slices.IsSortedFunc(b.sink.control, func(x, y []byte) int { return int(x[0]) - int(y[0]) }) {
		t.Error("control frames arrived out of order")
	}
}

// The farewell of a node that ends is on its way when the node has gone.
func TestFarewellSurvivesTheNode(t *testing.T) {
	a, b := badly(t, "latency=50ms"), badly(t, "latency=50ms")
	a.link(t, b)
	began := time.Now()
	a.stop()
	b.sink.await(t, "Down", func(s *tape) bool { return len(s.down) == 1 })
	if took := time.Since(began); took > 1500*time.Millisecond {
		t.Errorf("Down %v after the end; want about 50ms, not a timeout: %v", took, b.sink.down[0].Cause)
	}
}
