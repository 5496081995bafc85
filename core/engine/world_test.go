package engine_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"hash"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

const ms = time.Millisecond

// world runs engines in virtual time over links with delay and loss.
type world struct {
	t     testing.TB
	now   time.Duration
	peers []*peer
	mail  []mail // by time, then order
	seq   int
	rng   *rand.Rand
	sum   hash.Hash // of all that was handed over, in order
	key   ed25519.PrivateKey
	desc  *chunk.Descriptor
	next  swarm.LinkID
}

type mail struct {
	at  time.Duration
	seq int
	do  func()
}

// peer is one engine and its policy.
type peer struct {
	world     *world
	name      string
	engine    *engine.Engine
	policy    func(*scheduler.Batch) scheduler.Answer
	links     map[swarm.LinkID]*wire
	wake      time.Duration
	delivered []engine.Delivery
	events    []event.Event
	batches   []scheduler.Batch
}

// wire is one direction of a link.
type wire struct {
	to     *peer
	there  swarm.LinkID
	delay  time.Duration
	loss   float64
	dead   bool
	lose   func(chunk.ID) bool
	chunks int
}

// endless is a budget that grants everything.
type endless struct{}

func (endless) Take(now time.Duration, _ scheduler.Class, _ int) (bool, time.Duration) {
	return true, now
}
func (endless) Rate() (uint64, bool) { return 0, false }
func (endless) Cap() uint64          { return 0 }
func (endless) Bind(uint64)          {}

func newWorld(t testing.TB, seed uint64) *world {
	w := &world{t: t, rng: rand.New(rand.NewPCG(seed, 1)), sum: sha256.New()}
	w.key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, 32))
	w.desc = &chunk.Descriptor{
		Name: "cam1", Publisher: w.key.Public().(ed25519.PublicKey), Epoch: 1, Substreams: 4, ChunkSize: 900,
		Authentication: "merkle", Bitrate: 800_000, GroupSpan: 100 * ms, RandomAccess: time.Second,
		Tracks: []chunk.Track{{ID: 1, Kind: chunk.Video, Codec: "avc1.64001f", Timescale: 90000, Width: 640, Height: 360}},
		Init:   []byte("init"),
	}
	return w
}

func (w *world) signed() []byte {
	b, err := chunk.Sign(w.desc, w.key)
	if err != nil {
		w.t.Fatal(err)
	}
	return b
}

func (w *world) author() chunk.Author {
	a, err := sign.NewAuthor(w.desc, w.key)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func (w *world) add(name string, role swarm.Role, change func(*engine.Config)) *peer {
	p := &peer{world: w, name: name, links: make(map[swarm.LinkID]*wire), wake: 1 << 62}
	cfg := engine.Config{
		Role: role, Stream: w.desc.StreamID(), Index: uint64(len(w.peers) + 1), Seed: 1, Budget: endless{},
		Authentications: sign.Catalogue(), Wall: 1_700_000_000_000_000,
	}
	copy(cfg.Self[:], name)
	if change != nil {
		change(&cfg)
	}
	e, err := engine.New(cfg)
	if err != nil {
		w.t.Fatal(err)
	}
	p.engine = e
	w.peers = append(w.peers, p)
	return p
}

func (w *world) at(t time.Duration, do func()) {
	w.seq++
	m := mail{t, w.seq, do}
	i, _ := slices.BinarySearchFunc(w.mail, m, func(a, b mail) int {
		if a.at != b.at {
			return int(a.at - b.at)
		}
		return a.seq - b.seq
	})
	w.mail = slices.Insert(w.mail, i, m)
}

// connect links two peers and answers both directions.
func (w *world) connect(a, b *peer, delay time.Duration, loss float64) (*wire, *wire) {
	w.next += 2
	ab := &wire{to: b, there: w.next, delay: delay, loss: loss}
	ba := &wire{to: a, there: w.next - 1, delay: delay, loss: loss}
	a.links[w.next-1], b.links[w.next] = ab, ba
	a.engine.PeerUp(w.now, engine.Peer{Link: w.next - 1, Peer: b.id(), Dialed: scheduler.Here})
	b.engine.PeerUp(w.now, engine.Peer{Link: w.next, Peer: a.id(), Dialed: scheduler.There})
	a.settle()
	b.settle()
	return ab, ba
}

func (p *peer) id() (id swarm.PeerID) {
	copy(id[:], p.name)
	return id
}

// run passes time until t.
func (w *world) run(t time.Duration) {
	for {
		next, who := t, (*peer)(nil)
		for _, p := range w.peers {
			if p.wake < next {
				next, who = p.wake, p
			}
		}
		if len(w.mail) > 0 && w.mail[0].at <= next && w.mail[0].at <= t {
			m := w.mail[0]
			w.mail = w.mail[1:]
			w.now = max(w.now, m.at)
			m.do()
			continue
		}
		if who == nil {
			w.now = t
			return
		}
		w.now = max(w.now, next)
		who.engine.Tick(w.now)
		who.settle()
	}
}

// settle does what an engine wants until it wants nothing.
func (p *peer) settle() {
	w := p.world
	for round := 0; ; round++ {
		r := p.engine.Ready(w.now)
		if err := engine.Check(p.engine); err != nil {
			w.t.Fatalf("%v: %s: %v", w.now, p.name, err)
		}
		p.wake = r.WakeAt
		p.record(r)
		for _, c := range r.Control {
			p.control(c)
		}
		for _, c := range r.Chunks {
			for _, l := range c.To {
				p.chunk(l, c)
			}
		}
		for _, h := range r.Hangup {
			delete(p.links, h.Link)
		}
		p.delivered = append(p.delivered, r.Deliver...)
		p.events = append(p.events, r.Events...)
		if r.Batch == nil || p.policy == nil {
			return
		}
		p.batches = append(p.batches, *r.Batch)
		p.engine.Answer(w.now, p.policy(r.Batch))
		if round > 20 {
			w.t.Fatalf("%s: policy and engine do not come to rest", p.name)
		}
	}
}

// record adds a Ready to the sum over which determinism is judged.
func (p *peer) record(r *engine.Ready) {
	fmt.Fprintf(p.world.sum, "%v %s wake %v", p.world.now, p.name, r.WakeAt)
	for _, c := range r.Control {
		fmt.Fprintf(p.world.sum, " control %d %x", c.Link, c.Frame)
	}
	for _, c := range r.Chunks {
		fmt.Fprintf(p.world.sum, " chunk %v %v %x", c.ID, c.To, c.Frame)
	}
	for _, d := range r.Deliver {
		fmt.Fprintf(p.world.sum, " deliver %v %v", d.Due, d.Group.GroupHeader)
	}
	if r.Batch != nil {
		fmt.Fprintf(p.world.sum, " batch %+v", *r.Batch)
	}
}

func (p *peer) control(c engine.ControlSend) {
	w, l := p.world, p.links[c.Link]
	if l == nil || l.dead {
		return
	}
	_, rest, err := swarm.SplitIndex(c.Frame)
	if err != nil {
		w.t.Fatalf("%s sent a frame without an index: %v", p.name, err)
	}
	w.at(w.now+l.delay, func() {
		if l.to.links[l.there] != nil {
			l.to.engine.Control(w.now, l.there, rest)
			l.to.settle()
		}
	})
}

func (p *peer) chunk(id swarm.LinkID, c engine.ChunkSend) {
	w, l := p.world, p.links[id]
	if l == nil || l.dead {
		return
	}
	l.chunks++
	if w.rng.Float64() < l.loss || l.lose != nil && l.lose(c.ID) {
		return
	}
	_, rest, _ := swarm.SplitIndex(c.Frame)
	rest = bytes.Clone(rest)
	jitter := time.Duration(w.rng.Int64N(int64(2 * ms)))
	w.at(w.now+l.delay+jitter, func() {
		if l.to.links[l.there] != nil {
			l.to.engine.Chunk(w.now, l.there, rest)
			l.to.settle()
		}
	})
}

// publish has source p publish groups of size bytes each 100 ms until t, a random-access one each gop.
func (w *world) publish(p *peer, t time.Duration, gop int, size func(i int) int) {
	author := w.author()
	i := 0
	var next func()
	next = func() {
		if w.now >= t {
			return
		}
		payload := make([]byte, size(i))
		for j := range payload {
			payload[j] = byte(i + j)
		}
		g := chunk.Group{Payload: payload}
		g.Time, g.Span, g.RandomAccess = time.Duration(i)*100*ms, 100*ms, i%gop == 0
		if err := p.engine.Publish(w.now, g, author); err != nil {
			w.t.Errorf("publish: %v", err)
		}
		i++
		p.settle()
		w.at(w.now+100*ms, next)
	}
	w.at(w.now, next)
}
