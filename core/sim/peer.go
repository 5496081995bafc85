package sim

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/budget"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/core/swarm"
)

// peer hosts an engine and its policy for each stream.
type peer struct {
	index  int32
	id     swarm.PeerID
	class  *Class // nil for the source
	uplink Uplink
	join   time.Duration
	random *rand.Rand // of what it sends and whom it meets

	parts  []part // by stream; nil before it joins and after its end
	budget *budget.Allocator
	gone   bool // killed, or left
	place  int  // in world.alive
	vice   Vice

	links   []*half        // by id
	ids     []swarm.LinkID // of links
	lastID  swarm.LinkID
	dialing []dialing

	free, downFree time.Duration // when the uplink and the downlink have nothing left to carry

	sent   uint64         // wire bytes that left
	finals []*report.Peer // by stream, once the peer has ended

	first, last int32 // of its events in the window, in world.taken; -1 for none
}

func newPeer(index int32, seed uint64, u Uplink) *peer {
	p := &peer{index: index, uplink: u, first: -1, random: rand.New(rand.NewPCG(seed, scramble(uint64(index))))}
	for i := 0; i < len(p.id); i += 8 {
		binary.BigEndian.PutUint64(p.id[i:], scramble(seed^uint64(index)<<32^uint64(i)))
	}
	return p
}

func (p *peer) role() swarm.Role {
	switch {
	case p.index == 0:
		return swarm.Source
	case p.class.Kind == Helper:
		return swarm.Helper
	}
	return swarm.Viewer
}

// Idle reports whether a peer contributes nothing: it has a rate, of None or less.
func (u *Uplink) Idle() bool { return u.Rate > 0 && u.Rate <= None }

// What links and budgets take at the least, in bytes: a datagram's chunk frame, and a packet. Larger chunks travel whole.
const (
	leastFrame   = 1090
	leastLargest = 1500
)

// begin lets a peer take part.
func (w *lane) begin(p *peer) error {
	limit := p.uplink.Cap
	frame := max(leastFrame, w.cfg.Stream.ChunkSize+w.cfg.Stream.Proof+swarm.ChunkOverhead)
	largest := max(leastLargest, frame+w.cfg.Network.Overhead)
	if p.uplink.Idle() && limit == 0 {
		limit = max(budget.MinCap, 4*uint64(largest))
	}
	b, err := budget.New(budget.Config{Cap: limit, Largest: largest})
	if err != nil {
		return fmt.Errorf("%w: uplink %+v: %w", ErrConfig, p.uplink, err)
	}
	p.budget = b
	p.parts = make([]part, len(w.streams))
	for i, m := range w.streams {
		a := &p.parts[i]
		*a = part{peer: p, media: m, alarm: never, wakeAt: never, standing: &swarm.Standing{Peer: p.id, Role: p.role()}}
		if a.policy, err = w.cfg.Policy(w.cfg.Params); err != nil {
			return err
		}
		if a.engine, err = engine.New(engine.Config{
			Self: p.id, Role: p.role(), Stream: chunk.NewStreamID(w.key.public(), m.name), Index: uint64(i + 1),
			Seed: scramble(w.cfg.Seed ^ uint64(p.index) ^ uint64(i)<<32), Budget: b.Share(m.share.Weight),
			Authentications: []chunk.Authentication{authentication{m.proof, w.cfg.Verify}},
			Restorer:        restorer{},
			Overhead:        w.cfg.Network.Overhead,
			MaxFrame:        frame,
			Wall:            origin,
		}); err != nil {
			return fmt.Errorf("%w: engine: %w", ErrConfig, err)
		}
	}
	p.place = len(w.alive)
	w.alive = append(w.alive, p.index)
	for i := range p.parts {
		if p.index != 0 {
			w.introduce(&p.parts[i], sampled)
		}
		p.parts[i].engine.Tick(w.now)
		w.advance(&p.parts[i])
	}
	return nil
}

// introduce has the rendezvous answer a peer's question, a round trip later.
func (w *lane) introduce(a *part, count int) {
	w.add(w.now+2*w.cfg.Network.Median, happening{
		what: doMeet, stream: uint8(a.media.index), peer: a.peer.index, other: int32(count),
	})
}

// leave lets a peer say goodbye.
func (w *lane) leave(p *peer) {
	if p.gone || p.parts == nil {
		return
	}
	for i := range p.parts {
		a := &p.parts[i]
		a.engine.Leave(w.now)
		w.carry(a, a.engine.Ready(w.now))
	}
	w.end(p)
}

// end takes a peer out, whatever it was doing.
func (w *lane) end(p *peer) {
	if p.gone || p.parts == nil {
		p.gone = true
		return
	}
	for i := range p.parts {
		p.parts[i].standing.Part()
	}
	p.gone = true
	p.finals = w.measureAll(p)
	last := w.alive[len(w.alive)-1]
	w.alive[p.place] = last
	w.peers[last].place = p.place
	w.alive = w.alive[:len(w.alive)-1]
	p.links, p.ids, p.parts, p.budget = nil, nil, nil, nil
}

// link finds a link by id; nil when there is none.
func (p *peer) link(id swarm.LinkID) *half {
	if i, ok := p.search(id); ok {
		return p.links[i]
	}
	return nil
}

func (p *peer) search(id swarm.LinkID) (int, bool) {
	return slices.BinarySearch(p.ids, id)
}

// linkTo finds the link to another peer; nil when there is none.
func (p *peer) linkTo(far int32) *half {
	for _, h := range p.links {
		if h.far == far {
			return h
		}
	}
	return nil
}

// hangUp takes a link from a stream. The last one closes it.
func (p *peer) hangUp(id swarm.LinkID, stream int) {
	if h := p.link(id); h != nil {
		h.up &^= 1 << stream
		if h.up == 0 {
			p.unlink(id)
		}
	}
}

func (p *peer) unlink(id swarm.LinkID) {
	if i, ok := p.search(id); ok {
		p.links, p.ids = slices.Delete(p.links, i, i+1), slices.Delete(p.ids, i, i+1)
	}
}

// scramble is the finalizer of SplitMix64.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
