package engine_test

import (
	"bytes"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// target makes an engine of a viewer that has three links, orders and two groups.
func hostile(t testing.TB) (*engine.Engine, *world) {
	w := newWorld(t, 1)
	e, err := engine.New(engine.Config{
		Role: swarm.Viewer, Stream: w.desc.StreamID(), Index: 1, Budget: endless{}, Authentications: sign.Catalogue(), MaxLinks: 4,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Describe(0, w.signed()); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		meet(e, w, swarm.LinkID(i+1), 0)
	}
	r := e.Ready(0)
	var orders []scheduler.Action
	for k := range 4 {
		orders = append(orders, scheduler.Push{Substream: k, To: []scheduler.Target{{Link: 2, Class: scheduler.ClassInterior}, {Link: 3, Class: scheduler.ClassLeaf}}},
			scheduler.Announce{Link: swarm.LinkID(k%3 + 1), Every: 100 * ms})
	}
	e.Answer(0, scheduler.Answer{Revision: r.Batch.Revision, Actions: append(orders, scheduler.Subscribe{Link: 1, Substreams: 15, Mode: swarm.Eager})})
	author, next := w.author(), uint64(0)
	for i := range 2 {
		g := chunk.Group{Payload: make([]byte, 5000)}
		g.Time, g.Span, g.RandomAccess = time.Duration(i)*100*ms, 100*ms, i == 0
		chunks, err := author.Seal(nil, &g, next)
		if err != nil {
			t.Fatal(err)
		}
		next += uint64(len(chunks))
		for _, c := range chunks {
			e.Chunk(0, 1, swarm.AppendChunk(nil, 1, &c, c.Proof)[1:])
		}
	}
	return e, w
}

func meet(e *engine.Engine, w *world, id swarm.LinkID, now time.Duration) {
	meetOne(e, w, swarm.Viewer, id, now)
}

// meetOne has an engine meet a neighbour of that role, who knows the stream.
func meetOne(e *engine.Engine, w *world, role swarm.Role, id swarm.LinkID, now time.Duration) {
	p := engine.Peer{Link: id, Dialed: scheduler.There}
	p.Peer[0], p.Peer[1] = byte(id), byte(id>>8)
	e.PeerUp(now, p)
	e.Control(now, id, swarm.Append(nil, 1, &swarm.Hello{Version: swarm.Version, Stream: w.desc.StreamID(), Role: role, Epoch: 1})[1:])
}

// anything makes a message that a hostile neighbour might send.
func anything(rng *rand.Rand) swarm.Message {
	numbers := make([]uint64, rng.IntN(swarm.MaxWant)+1)
	base := rng.Uint64N(1 << (4 + rng.IntN(58)))
	for i := range numbers {
		numbers[i] = base + rng.Uint64N(20_000)
	}
	epoch := uint32(rng.IntN(3))
	switch rng.IntN(12) {
	case 0:
		return &swarm.Status{Uplink: rng.Uint64(), Relays: rng.Uint64(), Delay: rng.Uint32()}
	case 1:
		m := &swarm.Have{Epoch: 1, Anchor: base}
		for _, n := range numbers {
			m.Window.Add(n)
		}
		return m
	case 2:
		return &swarm.Want{Epoch: 1, Numbers: numbers}
	case 3:
		for i := range numbers {
			numbers[i] %= 12
		}
		return &swarm.Want{Epoch: 1, Numbers: numbers}
	case 4:
		return &swarm.Cancel{Epoch: 1, Numbers: numbers}
	case 5:
		return &swarm.Deny{Epoch: epoch, Substream: uint32(rng.IntN(64)), Reason: swarm.Reason(rng.IntN(9)), Numbers: numbers[:rng.IntN(len(numbers))]}
	case 6:
		return &swarm.Subscribe{Substreams: rng.Uint64(), Mode: swarm.Mode(rng.IntN(4)), From: base}
	case 7:
		return &swarm.Unsubscribe{Substreams: rng.Uint64(), Reason: swarm.Reason(rng.IntN(9))}
	case 8:
		m := &swarm.Peers{}
		for range rng.IntN(swarm.MaxCandidates) {
			c := swarm.Candidate{Role: swarm.Viewer, Addresses: []swarm.Address{"quic:192.0.2.1:1"}}
			for i := range c.Peer {
				c.Peer[i] = byte(rng.IntN(256))
			}
			m.Candidates = append(m.Candidates, c)
		}
		return m
	case 9:
		return &swarm.Pong{Sent: rng.Uint64(), Received: rng.Int64(), Replied: rng.Int64(), Error: rng.Uint32()}
	case 10:
		return &swarm.Receipt{Chunks: rng.Uint64(), Bytes: rng.Uint64(), Delay: time.Duration(rng.IntN(1e9)).Truncate(time.Microsecond)}
	}
	return &swarm.Ping{Sent: rng.Uint64()}
}

func TestHostileNeighboursCannotFillTheMemory(t *testing.T) {
	e, w := hostile(t)
	const seed = 5
	rng := rand.New(rand.NewPCG(seed, 0))
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, now, id := heap(), time.Duration(0), swarm.LinkID(10)
	for i := range 60_000 {
		now += 100 * time.Microsecond
		link := swarm.LinkID(rng.IntN(3) + 1)
		e.Control(now, link, swarm.Append(nil, 1, anything(rng))[1:])
		if i%1000 == 0 { // those who were hung up come back as others
			id++
			meet(e, w, id, now)
		}
		if i%10 == 0 {
			r := e.Ready(now)
			if i%100 == 0 && len(r.Chunks) > 3 { // its transport is full at times
				for _, c := range r.Chunks[len(r.Chunks)/2:] {
					e.Full(now, c.To[0], c.ID)
				}
				e.Writable(now+ms, swarm.LinkID(rng.IntN(3)+1))
			}
			if err := engine.Check(e); err != nil {
				t.Fatalf("seed %d, message %d: %v", seed, i, err)
			}
			if len(r.Control) > 1000 || len(r.Chunks) > 5000 || len(r.Events) > 2000 {
				t.Fatalf("seed %d, message %d: %d control frames, %d chunks, %d events", seed, i, len(r.Control), len(r.Chunks), len(r.Events))
			}
		}
	}
	if grown := int64(heap()) - int64(before); grown > 4<<20 {
		t.Errorf("seed %d: %d bytes more than before", seed, grown)
	}
	runtime.KeepAlive(e)
}

// FuzzFrames gives an engine frames that may be anything. It must neither panic nor want a tick in the past for ever.
func FuzzFrames(f *testing.F) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 40 {
		f.Add(swarm.Append(nil, 1, anything(rng))[1:], uint16(100), true)
	}
	f.Add([]byte{byte(swarm.TypeChunk), 0, 1, 0}, uint16(0), false)
	f.Add(swarm.AppendPadding(nil, 1, 20, 513)[1:], uint16(0), false)
	f.Add([]byte{byte(swarm.TypePadding), 0}, uint16(0), false)
	f.Fuzz(func(t *testing.T, frame []byte, after uint16, control bool) {
		e, _ := hostile(t)
		now := time.Duration(after) * ms
		for _, link := range []swarm.LinkID{2, 1, 3, 9} {
			if control {
				e.Control(now, link, bytes.Clone(frame))
			} else {
				e.Chunk(now, link, bytes.Clone(frame))
			}
		}
		for range 50 {
			r := e.Ready(now)
			if r.WakeAt <= 0 {
				t.Fatalf("at %v: wake at %v", now, r.WakeAt)
			}
			now = max(now+ms, min(r.WakeAt, now+time.Second))
			e.Tick(now)
			if err := engine.Check(e); err != nil {
				t.Fatal(err)
			}
		}
		e.Stats(now)
	})
}
