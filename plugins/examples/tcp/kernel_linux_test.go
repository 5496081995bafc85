package main

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/transport"
)

// A peer that stops reading fills its own buffers, and then no more waits here than the contract allows, the kernel's
// queue included.
func TestNoMoreThanTheContractAllowsWaitsForAPeerThatStopsReading(t *testing.T) {
	t.Parallel()
	e := start(t)
	intruder(t, e)
	l := e.live.Load().link(e.seen().up[0].Link)
	const size = 1100
	f := transport.Frame{Data: random(size), To: []transport.LinkID{l.id}}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	stuck := 0 // milliseconds without a frame taken
	for began := time.Now(); stuck < 200; <-tick.C {
		before := len(e.seen().full)
		e.SendChunks([]transport.Frame{f, f, f, f}) // Full comes during the call
		if stuck++; len(e.seen().full) < before+4 {
			stuck = 0
		}
		if time.Since(began) > 10*time.Second {
			t.Fatal("a peer that reads nothing still takes frames after 10 s")
		}
	}
	if held := l.out.held(); held > mostQueued {
		t.Errorf("%d bytes of frames wait; want %d at the most", held, mostQueued)
	}
	i := l.wire.ask()
	if most := mostQueued / size * (size + overhead); int(i.Notsent_bytes) > most {
		t.Errorf("%d bytes wait in the kernel; want %d at the most", i.Notsent_bytes, most)
	}
}

// held are the bytes of chunk frames that have not left.
func (o *outbox) held() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.gate.bytes
}
