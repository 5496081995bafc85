package transporttest

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/transport"
)

// share of chunk frames that must arrive over a good network, in hundredths.
const share = 90

func (s *suite) chunksFanOut(t *testing.T) {
	a := s.start(t)
	peers := []*peer{s.start(t), s.start(t), s.start(t)}
	var to, at []transport.LinkID
	for _, p := range peers {
		here, there := a.link(p)
		to, at = append(to, here), append(at, there)
	}
	size := a.Transport.Capabilities().MaxChunk
	const frames = 200
	for i := range uint32(frames) {
		a.timed("SendChunks", func() {
			a.Transport.SendChunks([]transport.Frame{{Data: pattern(size-int(i), i), To: to, Expires: time.Now().Add(time.Minute), Token: uint64(i)}})
		})
		for k, p := range peers { // no faster than they take it, as a node's pacing does
			p.eventually("chunk frames", func() bool {
				return len(p.of(at[k]).chunks) >= (int(i)+1-len(a.of(to[k]).full))*share/100-8
			})
		}
	}
	for k, p := range peers {
		p.eventually("most chunk frames", func() bool {
			return len(p.of(at[k]).chunks) >= (frames-len(a.of(to[k]).full))*share/100
		})
		seen := make(map[uint32]bool)
		for _, got := range p.of(at[k]).chunks {
			i := binary.BigEndian.Uint32(got)
			if i >= frames || !bytes.Equal(got, pattern(size-int(i), i)) {
				t.Fatalf("a chunk frame of %d bytes is not what was sent", len(got))
			}
			if seen[i] {
				t.Errorf("chunk frame %d came twice", i)
			}
			seen[i] = true
		}
		if len(p.of(at[k]).control) != 0 {
			t.Error("a chunk frame came on the control channel")
		}
	}
}

// eventually waits until ok holds, which may look at several endpoints: a Full may come soon after its frame.
func (p *peer) eventually(what string, ok func() bool) {
	p.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); !ok(); <-tick.C {
		if time.Since(began) > soon {
			p.t.Fatalf("%s: waited %v for %s; had %v", p.id, soon, what, p.sink)
		}
	}
}

// sendUntil offers one frame after the other until ok holds at q.
func (p *peer) sendUntil(q *peer, f transport.Frame, ok func(r *records) bool) {
	p.t.Helper()
	deadline := time.Now().Add(soon)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		q.sink.mu.Lock()
		done := ok(&q.sink.records)
		q.sink.mu.Unlock()
		if done {
			return
		}
		if time.Now().After(deadline) {
			p.t.Fatalf("%s: chunk frames did not arrive within %v", p.id, soon)
		}
		p.Transport.SendChunks([]transport.Frame{f})
		<-tick.C
	}
}

func (s *suite) chunksOwned(t *testing.T) {
	a, b, c := s.start(t), s.start(t), s.start(t)
	toB, atB := a.link(b)
	toC, atC := a.link(c)
	want := pattern(200, 7)
	data := bytes.Clone(want)
	f := transport.Frame{Data: data, To: []transport.LinkID{toB, toC}}
	a.sendUntil(b, f, func(r *records) bool { return len(r.links[atB].chunks) > 0 })
	clear(b.of(atB).chunks[0])
	a.sendUntil(c, f, func(r *records) bool { return len(r.links[atC].chunks) > 1 })
	for _, got := range c.of(atC).chunks {
		if !bytes.Equal(got, want) {
			t.Fatal("a receiver's write shows at another receiver")
		}
	}
	if !bytes.Equal(data, want) {
		t.Fatal("a receiver's write shows at the sender")
	}
}

func (s *suite) chunksPassedOver(t *testing.T) {
	a, b := s.start(t), s.start(t)
	here, there := a.link(b)
	limit := a.of(here).up.MaxChunk
	a.Transport.SendChunks(nil)
	a.Transport.SendChunks([]transport.Frame{
		{Data: make([]byte, limit+1), To: []transport.LinkID{here}, Token: 1},
		{Data: make([]byte, 1<<20), To: []transport.LinkID{here}, Token: 2},
		{Data: pattern(100, 1), To: []transport.LinkID{0, here + 1000}, Token: 3},
		{Data: pattern(100, 2), Token: 4},
		{Data: pattern(100, 3), To: []transport.LinkID{here}, Token: 5, Expires: time.Now().Add(-time.Minute)},
	})
	good := pattern(limit, 9)
	a.sendUntil(b, transport.Frame{Data: good, To: []transport.LinkID{here + 1000, here}}, func(r *records) bool {
		return len(r.links[there].chunks) > 0
	})
	for _, got := range b.of(there).chunks {
		if !bytes.Equal(got, good) && !bytes.Equal(got, pattern(100, 3)) {
			t.Errorf("a frame of %d bytes arrived that should have been passed over", len(got))
		}
	}
	for _, token := range a.of(here).full {
		if token == 1 || token == 2 {
			t.Errorf("Full came for frame %d, which no queue could ever take", token)
		}
	}
}

// fullThenWritable hands over far more at once than two frames or 10 ms of any link.
func (s *suite) fullThenWritable(t *testing.T) {
	a, b := s.start(t), s.start(t)
	here, there := a.link(b)
	size := a.Transport.Capabilities().MaxChunk
	const burst, rounds = 20000, 3
	frames := make([]transport.Frame, burst)
	to := []transport.LinkID{here}
	data := pattern(size, 1)
	for round := range rounds {
		for i := range frames {
			frames[i] = transport.Frame{Data: data, To: to, Token: uint64(round*burst+i) + 1}
		}
		before := a.of(here)
		a.Transport.SendChunks(frames)
		a.await("Full", soon, func(r *records) bool { return len(r.links[here].full) > len(before.full) })
		a.await("Writable", soon, func(r *records) bool { return r.links[here].writable > before.writable })
		seen := make(map[uint64]bool) // of this round and those before: the last Fulls of a round may come late
		for _, token := range a.of(here).full {
			if token == 0 || token > uint64(round+1)*burst || seen[token] {
				t.Fatalf("round %d: Full with token %d, which is unknown or came before", round, token)
			}
			seen[token] = true
		}
		b.await("what was taken", soon, func(r *records) bool { return len(r.links[there].chunks) > 0 })
		if got, most := len(b.of(there).chunks), (round+1)*burst-len(seen); got > most {
			t.Errorf("round %d: %d frames arrived although %d at the most were taken", round, got, most)
		}
	}
	a.sendUntil(b, transport.Frame{Data: pattern(50, 77), To: to}, func(r *records) bool {
		c := r.links[there].chunks
		return len(c) > 0 && len(c[len(c)-1]) == 50
	})
}

func (s *suite) chunksNeverBlock(t *testing.T) {
	a, b := s.start(t), s.start(t)
	here, _ := a.link(b)
	b.vanish()
	data := pattern(a.Transport.Capabilities().MaxChunk, 1)
	for i := range 500 {
		a.timed("SendChunks", func() {
			a.Transport.SendChunks([]transport.Frame{{Data: data, To: []transport.LinkID{here}, Token: uint64(i)}})
		})
	}
	a.await("Full or Down", soon, func(r *records) bool {
		return len(r.links[here].full) > 0 || r.links[here].down != nil
	})
}
