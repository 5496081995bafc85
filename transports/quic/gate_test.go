package quic

import (
	"testing"
	"time"
)

func newGate(packing chunkMode) *gate {
	g := &gate{packing: packing}
	g.setLimit(4*packetSize, queueTime) // 4 frames
	if packing == asPackets {
		g.limit = 4
	}
	return g
}

// fill takes frames until the gate refuses, and answers how many it took.
func fill(g *gate, size int) int {
	n := 0
	for g.take(size) == taken {
		n++
	}
	g.reported()
	return n
}

func TestGateTakesItsLimit(t *testing.T) {
	for rtt, want := range map[time.Duration]int{ // order-free: each stands alone
		0: 16, time.Millisecond: 16, 40 * time.Millisecond: 8, 100 * time.Millisecond: 3, time.Second: 2, time.Hour: 2,
	} {
		g := newGate(asDatagrams)
		g.setLimit(32*packetSize, rtt)
		if got := fill(g, 1000); got != want {
			t.Errorf("window 32 packets, round trip %v: took %d frames; want %d", rtt, got, want)
		}
	}
}

func TestGateOpensWhenHalfHasLeft(t *testing.T) {
	for name, leave := range map[string]func(g *gate) bool{ // order-free: each stands alone
		"datagrams": func(g *gate) bool { return g.left(1000 + frameOverhead) },
		"stream":    func(g *gate) bool { return g.left(1000 + streamOverhead) },
		"packets":   func(g *gate) bool { return g.gone() },
	} {
		g := newGate(map[string]chunkMode{"datagrams": asDatagrams, "stream": asStream, "packets": asPackets}[name])
		fill(g, 1000)
		if leave(g) {
			t.Errorf("%s: Writable with three of four still there", name)
		}
		if !leave(g) {
			t.Errorf("%s: no Writable with half of it gone", name)
		}
		if leave(g) {
			t.Errorf("%s: Writable a second time", name)
		}
	}
}

func TestGateCountsDatagramsBySize(t *testing.T) {
	g := newGate(asDatagrams)
	g.take(1000)
	g.take(50)
	g.left(60) // an acknowledgement
	g.left(1000)
	if g.count != 2 {
		t.Fatalf("%d frames wait after packets too small for the first; want 2", g.count)
	}
	g.left(1200)
	g.left(50 + frameOverhead - 1)
	if g.count != 0 {
		t.Errorf("%d frames wait after packets that held them; want none", g.count)
	}
}

func TestGateCountsStreamsByBytes(t *testing.T) {
	g := newGate(asStream)
	for range 3 {
		g.take(1000)
	}
	g.left(1200)
	g.left(1200)
	if g.count != 1 {
		t.Errorf("%d frames wait after two full packets; want 1", g.count)
	}
}

// Writable never comes before the Full that it answers.
func TestGateHoldsWritableBackDuringFull(t *testing.T) {
	g := newGate(asPackets)
	for g.take(1000) == taken {
	}
	for range 4 {
		if g.gone() {
			t.Fatal("Writable while Full was being reported")
		}
	}
	if !g.reported() {
		t.Error("no Writable once Full had been reported")
	}
}

// A gate that has lost count opens again by itself; with datagrams only once, lest quic-go block.
func TestGateForgivesALostCount(t *testing.T) {
	for packing, rounds := range map[chunkMode]int{asDatagrams: 1, asStream: 3} { // order-free: each stands alone
		g := newGate(packing)
		now := time.Now()
		opened := 0
		for range 3 {
			fill(g, 1000)
			for range 5 {
				now = now.Add(usageEvery)
				if g.tick(now) {
					opened++
				}
			}
		}
		if opened != rounds {
			t.Errorf("mode %d: opened %d times in 1.5 s without a packet; want %d", packing, opened, rounds)
		}
	}
}
