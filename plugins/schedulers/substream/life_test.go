package substream_test

import (
	"math/bits"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/substream"
)

// seat is what one copy of one of the eight substreams takes, in bytes per second.
const seat = 10_000

// life is what a viewer goes through with neighbours that push it what they have room for, and refuse the rest.
type life struct {
	policy   scheduler.Policy
	batch    scheduler.Batch
	room     map[swarm.LinkID]uint64 // substreams that a neighbour grants
	replies  []scheduler.Change
	asked    map[swarm.LinkID]uint64 // in the last step, eagerly
	given    map[swarm.LinkID]uint64 // up in the last step
	dialed   map[swarm.PeerID]bool   // ever
	seeks    int                     // neighbours that it asked to be introduced to in the last step
	children uint64                  // substreams that have been pushed to others
	repair   scheduler.Repair        // in force
}

// tick is the time between two steps.
const tick = 250 * time.Millisecond

// begin has a viewer with an uplink of so many seats meet its neighbours.
func begin(t *testing.T, seats uint64, neighbours ...scheduler.LinkUp) *life {
	t.Helper()
	p, err := substream.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	l := &life{policy: p, room: make(map[swarm.LinkID]uint64), dialed: make(map[swarm.PeerID]bool)}
	l.batch = scheduler.Batch{Snapshot: true, Now: time.Second - tick}
	changes := []scheduler.Change{
		scheduler.Stream{Self: swarm.PeerID{99}, Role: swarm.Viewer, Epoch: 1, Substreams: 8, Rate: 8 * seat, MaxLinks: 32, Seed: 1},
		scheduler.Capacity{Cap: max((seats*10+8)/9*seat, 1)}, // the policy commits nine tenths, and 0 is no cap
	}
	for _, up := range neighbours {
		changes = append(changes, up)
		l.room[up.Link] = up.Status.Open
	}
	l.step(changes...)
	l.batch.Snapshot = false
	return l
}

// step tells the policy what has happened, with the replies to what it asked for before, and notes what it asks for now.
func (l *life) step(changes ...scheduler.Change) {
	l.batch.Revision++
	l.batch.Now += tick
	l.batch.Changes = append(changes, l.replies...)
	l.seeks = 0
	l.replies, l.asked, l.given = nil, make(map[swarm.LinkID]uint64), make(map[swarm.LinkID]uint64)
	for _, a := range l.policy.Step(&l.batch).Actions {
		switch a := a.(type) {
		case scheduler.Subscribe:
			l.subscribe(a)
		case scheduler.Repair:
			l.repair = a
		case scheduler.Introduce:
			l.seeks = a.Count
		case scheduler.Connect:
			l.dialed[a.Peer] = true
		case scheduler.Push:
			if len(a.To) > 0 {
				l.children |= 1 << a.Substream
			}
		}
	}
}

func (l *life) subscribe(a scheduler.Subscribe) {
	if a.Mode == swarm.None {
		l.given[a.Link] |= a.Substreams
	}
	if a.Mode != swarm.Eager {
		return
	}
	l.asked[a.Link] |= a.Substreams
	for set := a.Substreams; set != 0; set &= set - 1 {
		k := bits.TrailingZeros64(set)
		reply := scheduler.Feeding{Link: a.Link, Substream: k, Mode: swarm.Eager}
		if l.room[a.Link]&(1<<k) == 0 {
			reply.Mode, reply.Reason = swarm.None, swarm.NoCapacity
		}
		l.replies = append(l.replies, reply)
	}
}

// union is what is in any of some sets.
func union(sets map[swarm.LinkID]uint64) (all uint64) {
	for _, s := range sets { // order-free: a union
		all |= s
	}
	return all
}

// viewer is a neighbour that all substreams reach, and that has room in some.
func viewer(link swarm.LinkID, open uint64) scheduler.LinkUp {
	up := scheduler.LinkUp{
		Link: link, Peer: swarm.PeerID{byte(link)}, Role: swarm.Viewer, RTT: 20 * time.Millisecond,
		Status: swarm.Status{Open: open, Relays: open, Spare: 20 * seat, Uplink: 30 * seat, Playing: 1},
	}
	for k := range 8 {
		up.Status.Hops.Set(k, 2)
	}
	return up
}

// source is the source, which has open seats for those who feed others.
func source(link swarm.LinkID, open uint64) scheduler.LinkUp {
	return scheduler.LinkUp{
		Link: link, Peer: swarm.PeerID{byte(link)}, Role: swarm.Source, RTT: 20 * time.Millisecond, Status: swarm.Status{Open: open},
	}
}
