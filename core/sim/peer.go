package sim

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/budget"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// peer hosts one engine and its policy.
type peer struct {
	index  int32
	id     swarm.PeerID
	class  *Class // nil for the source
	uplink Uplink
	join   time.Duration

	engine *engine.Engine
	policy scheduler.Policy
	budget *budget.Allocator
	answer scheduler.Answer // under way
	gone   bool             // killed, or left
	again  bool             // an input came while a Ready was being carried out
	place  int              // in world.alive
	vice   vice

	links   []*half // by id
	last    swarm.LinkID
	dialing []int32

	free, downFree time.Duration // when the uplink and the downlink have nothing left to carry
	wakeAt         time.Duration // what the engine asked for
	alarm          time.Duration // of the earliest doWake on the agenda

	sent, chunks uint64 // wire bytes that left, and those of chunk frames among them
	final        *report.Peer
}

func newPeer(index int32, seed uint64, u Uplink) *peer {
	p := &peer{index: index, uplink: u, alarm: never, wakeAt: never}
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

// idle reports whether a peer contributes nothing.
func (u *Uplink) idle() bool { return u.Rate > 0 && u.Rate <= None }

// What links and budgets take at the least, in bytes: a datagram's chunk frame, and a packet. Larger chunks travel whole.
const (
	leastFrame   = 1090
	leastLargest = 1500
)

// begin lets a peer take part.
func (w *world) begin(p *peer) error {
	policy, err := w.cfg.Policy(w.cfg.Params)
	if err != nil {
		return err
	}
	limit := p.uplink.Cap
	frame := max(leastFrame, w.cfg.Stream.ChunkSize+w.cfg.Stream.Proof+swarm.ChunkOverhead)
	largest := max(leastLargest, frame+w.cfg.Network.Overhead)
	if p.uplink.idle() && limit == 0 {
		limit = max(budget.MinCap, 4*uint64(largest))
	}
	b, err := budget.New(budget.Config{Cap: limit, Largest: largest})
	if err != nil {
		return fmt.Errorf("%w: uplink %+v: %w", ErrConfig, p.uplink, err)
	}
	e, err := engine.New(engine.Config{
		Self: p.id, Role: p.role(), Stream: chunk.NewStreamID(w.key.public(), "sim"), Index: 1,
		Seed: scramble(w.cfg.Seed ^ uint64(p.index)), Budget: b.Share(1),
		Authentications: []chunk.Authentication{authentication{w.media.proof, w.cfg.Verify}},
		Restorer:        restorer{},
		Overhead:        w.cfg.Network.Overhead,
		MaxFrame:        frame,
		Wall:            origin,
	})
	if err != nil {
		return fmt.Errorf("%w: engine: %w", ErrConfig, err)
	}
	p.engine, p.policy, p.budget = e, policy, b
	p.place = len(w.alive)
	w.alive = append(w.alive, p.index)
	if p.index != 0 {
		w.agenda.add(w.now+2*w.cfg.Network.Median, happening{what: doMeet, peer: p.index, other: sampled})
	}
	p.engine.Tick(w.now)
	w.advance(p)
	return nil
}

// leave lets a peer say goodbye.
func (w *world) leave(p *peer) {
	if p.gone || p.engine == nil {
		return
	}
	p.engine.Leave(w.now)
	w.carry(p, p.engine.Ready(w.now))
	w.end(p)
}

// end takes a peer out, whatever it was doing.
func (w *world) end(p *peer) {
	if p.gone || p.engine == nil {
		p.gone = true
		return
	}
	p.final = w.measure(p)
	p.gone = true
	last := w.alive[len(w.alive)-1]
	w.alive[p.place] = last
	w.peers[last].place = p.place
	w.alive = w.alive[:len(w.alive)-1]
	p.links, p.engine, p.policy, p.budget = nil, nil, nil, nil
}

// most rounds of one policy at one time: one that has still something to say is asked again at the next event.
const rounds = 8

// advance does what an engine wants done, until it wants nothing more at this time.
func (w *world) advance(p *peer) {
	for range rounds {
		p.again = false
		r := p.engine.Ready(w.now)
		w.carry(p, r)
		if r.Batch == nil {
			if p.again {
				continue
			}
			break
		}
		a := p.policy.Step(r.Batch)
		if w.cfg.PolicyDelay > 0 {
			p.answer = a
			w.agenda.add(w.now+w.cfg.PolicyDelay, happening{what: doAnswer, peer: p.index})
			break
		}
		p.engine.Answer(w.now, a)
	}
	if p.wakeAt < p.alarm {
		p.alarm = max(p.wakeAt, w.now+time.Microsecond)
		w.agenda.add(p.alarm, happening{what: doWake, peer: p.index})
	}
}

func (w *world) wake(p *peer) {
	if p.gone || w.now != p.alarm {
		return
	}
	p.alarm = never
	if p.wakeAt <= w.now {
		p.engine.Tick(w.now)
	}
	w.advance(p)
}

func (w *world) answer(p *peer) {
	if p.gone {
		return
	}
	p.engine.Answer(w.now, p.answer)
	p.answer = scheduler.Answer{}
	w.advance(p)
}

// carry does all that a Ready says but for its batch.
func (w *world) carry(p *peer, r *engine.Ready) {
	p.wakeAt = r.WakeAt
	for i := range r.Control {
		if l := p.link(r.Control[i].Link); l != nil {
			w.sendControl(p, l, r.Control[i].Frame)
		}
	}
	w.sendChunks(p, r.Chunks)
	for _, h := range r.Hangup {
		p.unlink(h.Link)
	}
	for i := range r.Dial {
		w.dial(p, r.Dial[i].Peer)
	}
	if w.cfg.Events != nil {
		for _, e := range r.Events {
			w.cfg.Events(w.now, int(p.index), e)
		}
	}
	if r.Introduce > 0 && p.index != 0 {
		w.agenda.add(w.now+2*w.cfg.Network.Median, happening{what: doMeet, peer: p.index, other: int32(r.Introduce)})
	}
}

// link finds a link by id; nil when there is none.
func (p *peer) link(id swarm.LinkID) *half {
	if i, ok := p.search(id); ok {
		return p.links[i]
	}
	return nil
}

func (p *peer) search(id swarm.LinkID) (int, bool) {
	return slices.BinarySearchFunc(p.links, id, func(h *half, id swarm.LinkID) int { return int(h.id) - int(id) })
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

func (p *peer) unlink(id swarm.LinkID) {
	if i, ok := p.search(id); ok {
		p.links = slices.Delete(p.links, i, i+1)
	}
}

// scramble is the finalizer of SplitMix64.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
