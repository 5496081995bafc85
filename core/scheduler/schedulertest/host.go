package schedulertest

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// Host plays the engine's part towards one policy, in virtual time.
type Host struct {
	Now       time.Duration
	Faults    []string                // what the policy did against the contract
	Answers   []Exchange              // all that was said
	RefuseAll scheduler.RefusedReason // when set, every action is refused with it

	policy     scheduler.Policy
	random     *rand.Rand
	stream     scheduler.Stream
	capacity   scheduler.Capacity
	substreams int
	revision   uint64
	next       swarm.LinkID
	links      []*link // ascending by id; those that are down are gone
	candidates []candidate
	pushes     [][]scheduler.Target
	repair     *scheduler.Repair
	changes    []scheduler.Change // that wait for the next batch
	fresh      bool               // the next batch is a snapshot
	wake       time.Duration
	pulls      int
}

// Exchange is one batch and its answer.
type Exchange struct {
	Batch  *scheduler.Batch
	Answer scheduler.Answer
}

type link struct {
	id       swarm.LinkID
	peer     swarm.PeerID
	role     swarm.Role
	status   swarm.Status
	feeds    []swarm.Mode // ours
	asks     []swarm.Mode // theirs, not answered or granted
	announce scheduler.Every
}

type candidate struct {
	swarm.Candidate
	dialing bool
}

// Open is a subscription that was not answered.
type Open struct {
	Link      swarm.LinkID
	Substream int
	Mode      swarm.Mode
}

// NewHost makes a host of a stream of 16 substreams with nobody in it.
func NewHost(p scheduler.Policy, role swarm.Role, seed uint64) *Host {
	h := &Host{policy: p, random: rand.New(rand.NewPCG(seed, uint64(role))), substreams: 16, next: 1, fresh: true}
	h.stream = scheduler.Stream{
		Self: swarm.PeerID{0xaa}, Role: role, Epoch: 1, Substreams: h.substreams, Rate: 150_000, ChunkWire: 1150,
		GroupSpan: 50 * time.Millisecond, MaxLinks: 32, Seed: seed,
	}
	h.pushes = make([][]scheduler.Target, h.substreams)
	return h
}

// tell puts changes into the next batch.
func (h *Host) tell(c ...scheduler.Change) { h.changes = append(h.changes, c...) }

// Pending reports whether a batch waits.
func (h *Host) Pending() bool { return len(h.changes) > 0 }

// up lists the links that are up.
func (h *Host) up() []swarm.LinkID {
	var ids []swarm.LinkID
	for _, l := range h.links {
		ids = append(ids, l.id)
	}
	return ids
}

func (h *Host) find(id swarm.LinkID) *link {
	for _, l := range h.links {
		if l.id == id {
			return l
		}
	}
	return nil
}

// Link brings up a link to the peer that name stands for.
func (h *Host) Link(name string, role swarm.Role) swarm.LinkID {
	var peer swarm.PeerID
	copy(peer[:], name)
	return h.linkTo(peer, role)
}

func (h *Host) linkTo(peer swarm.PeerID, role swarm.Role) swarm.LinkID {
	l := &link{id: h.next, peer: peer, role: role, feeds: make([]swarm.Mode, h.substreams), asks: make([]swarm.Mode, h.substreams)}
	l.status = swarm.Status{Relays: h.random.Uint64() & h.random.Uint64() & (1<<h.substreams - 1), Spare: uint64(h.random.IntN(300_000)), Playing: 1, Delay: 50}
	for k := range h.substreams {
		switch {
		case role == swarm.Source:
			l.status.Hops.Set(k, 1)
		case l.status.Relays&(1<<k) != 0:
			l.status.Hops.Set(k, 2+int(l.id)%4)
		}
	}
	h.next += swarm.LinkID(1 + h.random.IntN(3))
	h.links = append(h.links, l)
	for i := range h.candidates {
		h.candidates[i].dialing = h.candidates[i].dialing && h.candidates[i].Peer != peer
	}
	h.tell(h.linkUp(l))
	return l.id
}

func (h *Host) linkUp(l *link) scheduler.Change {
	return scheduler.LinkUp{Link: l.id, Peer: l.peer, Role: l.role, Dialed: scheduler.Here, Status: l.status, RTT: 5 * time.Millisecond, MaxLinks: 32}
}

// Down takes a link down.
func (h *Host) Down(id swarm.LinkID) {
	l := h.find(id)
	if l == nil {
		return
	}
	h.links = slices.DeleteFunc(h.links, func(o *link) bool { return o == l })
	for k := range h.pushes {
		h.unpush(k, id)
	}
	h.tell(scheduler.LinkDown{Link: id, Peer: l.peer, Cause: "test"})
}

func (h *Host) unpush(k int, id swarm.LinkID) {
	h.pushes[k] = slices.DeleteFunc(h.pushes[k], func(t scheduler.Target) bool { return t.Link == id })
}

// Ask lets a neighbour subscribe.
func (h *Host) Ask(id swarm.LinkID, k int, mode swarm.Mode) {
	l := h.find(id)
	if l == nil || l.asks[k] == mode {
		return
	}
	l.asks[k] = mode // a Push that contains the link stays in force until the policy answers
	h.tell(scheduler.Subscribed{Link: id, Substream: k, Mode: mode, From: 7})
}

// Introduce brings n candidates of a role.
func (h *Host) Introduce(n int, role swarm.Role) {
	var c scheduler.Candidates
	for range n {
		peer := swarm.PeerID{1}
		for i := 1; i < len(peer); i++ {
			peer[i] = byte(h.random.Uint32())
		}
		c.Peers = append(c.Peers, swarm.Candidate{Peer: peer, Role: role, Addresses: []swarm.Address{"quic:192.0.2.1:1"}})
		h.candidates = append(h.candidates, candidate{Candidate: c.Peers[len(c.Peers)-1]})
	}
	h.tell(c)
}

// Turn sends the batch that waits, and carries the answer out. It reports how many actions there were.
func (h *Host) Turn() int {
	h.revision++
	b := &scheduler.Batch{Revision: h.revision, Now: h.Now, Changes: h.changes}
	if h.fresh {
		b.Snapshot, b.Changes, h.fresh = true, h.state(), false
	}
	h.changes = nil
	kept := copyBatch(b)
	a := h.policy.Step(b)
	h.Answers = append(h.Answers, Exchange{kept, a})
	h.wake = a.WakeAt
	n := len(a.Actions)
	for _, action := range a.Actions[:min(n, scheduler.MaxActions)] {
		h.carry(action)
	}
	return n
}

// Pass lets d go by, with a batch whenever there is something to say or the policy asked to be woken, but not more
// than once a millisecond.
func (h *Host) Pass(d time.Duration) {
	end := h.Now + d
	for h.Now < end {
		switch {
		case h.Pending():
			h.Now += time.Millisecond
		case h.wake > h.Now && h.wake < end:
			h.Now = h.wake
		default:
			h.Now = end
		}
		h.Turn()
	}
}

// Snapshot makes the next batch one.
func (h *Host) Snapshot() { h.fresh = true }

// Replace puts another policy in the place of the one before; its first batch is a snapshot.
func (h *Host) Replace(p scheduler.Policy) { h.policy, h.fresh, h.revision = p, true, 0 }

// state is what a snapshot says.
func (h *Host) state() []scheduler.Change {
	all := []scheduler.Change{h.stream, h.capacity}
	var c scheduler.Candidates
	for i := range h.candidates {
		h.candidates[i].dialing = false
		c.Peers = append(c.Peers, h.candidates[i].Candidate)
	}
	if len(c.Peers) > 0 {
		all = append(all, c)
	}
	for _, l := range h.links {
		all = append(all, h.linkUp(l))
		for k, mode := range l.asks {
			if mode != swarm.None {
				all = append(all, scheduler.Subscribed{Link: l.id, Substream: k, Mode: mode})
			}
		}
		for k, mode := range l.feeds {
			if mode != swarm.None {
				all = append(all, scheduler.Order{Action: scheduler.Subscribe{Link: l.id, Substreams: 1 << k, Mode: mode}})
			}
		}
		if l.announce > 0 {
			all = append(all, scheduler.Order{Action: scheduler.Announce{Link: l.id, Every: l.announce}})
		}
	}
	for k, to := range h.pushes {
		if len(to) > 0 {
			all = append(all, scheduler.Order{Action: scheduler.Push{Substream: k, To: slices.Clone(to)}})
		}
	}
	if h.repair != nil {
		all = append(all, scheduler.Order{Action: *h.repair})
	}
	return all
}

// linked reports whether there is a link to peer.
func (h *Host) linked(peer swarm.PeerID) bool {
	return slices.ContainsFunc(h.links, func(l *link) bool { return l.peer == peer })
}

// Unanswered lists the subscriptions of neighbours that are neither granted nor refused.
func (h *Host) Unanswered() []Open {
	var open []Open
	for _, l := range h.links {
		for k, mode := range l.asks {
			pushed := slices.ContainsFunc(h.pushes[k], func(t scheduler.Target) bool { return t.Link == l.id })
			if mode != swarm.None && !pushed && l.announce == 0 {
				open = append(open, Open{l.id, k, mode})
			}
		}
	}
	return open
}

// Unfed is the set of substreams that the policy has no eager subscription for.
func (h *Host) Unfed() uint64 {
	missing := uint64(1)<<h.substreams - 1
	for _, l := range h.links {
		for k, mode := range l.feeds {
			if mode == swarm.Eager {
				missing &^= 1 << k
			}
		}
	}
	return missing
}

// Orders counts the targets of all orders to push.
func (h *Host) Orders() int {
	n := 0
	for _, to := range h.pushes {
		n += len(to)
	}
	return n
}
