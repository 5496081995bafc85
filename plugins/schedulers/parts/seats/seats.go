package seats

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/uplink"
)

// Seats decides on the eager subscriptions of neighbours.
type Seats struct {
	Desk   *desk.Desk
	Uplink *uplink.Uplink
	Copies int     // seats at a source for each substream
	Rescue float64 // further seats at a source, in copies of the whole stream, for those who relay nothing of it

	evicted time.Duration // when a leaf last lost its seat to a relay
}

// evictEvery is the least interval between two that lose their seats to those who can do more with them.
const evictEvery = 250 * time.Millisecond

// ask is one neighbour that wants one substream.
type ask struct {
	link  *scheduler.Link
	k     int
	relay bool // it relays k
}

// seating is who gets which substream, while it is being decided.
type seating struct {
	to    [][]scheduler.Target // by substream
	seats int                  // in all
}

// Serve grants or refuses eager subscriptions, and keeps the orders to push in step with them.
func (s *Seats) Serve() {
	v := &s.Desk.View
	t := seating{to: make([][]scheduler.Target, v.Stream.Substreams)}
	for k := range t.to {
		t.to[k] = s.children(k)
		t.seats += len(t.to[k])
	}
	for _, a := range s.waiting() {
		if reason := s.admit(a, &t); reason != swarm.NoReason {
			s.Desk.Do(scheduler.Refuse{Link: a.link.Link, Substream: a.k, Reason: reason})
			continue
		}
		t.to[a.k] = append(t.to[a.k], scheduler.Target{Link: a.link.Link, Class: classOf(a.relay)})
		t.seats++
	}
	for k, to := range t.to {
		s.order(to)
		if !slices.Equal(to, v.Pushes[k]) {
			s.Desk.Do(scheduler.Push{Substream: k, To: to})
		}
	}
}

func classOf(relay bool) scheduler.Class { //nolint:revive // it converts the flag, it is not steered by it
	if relay {
		return scheduler.ClassInterior
	}
	return scheduler.ClassLeaf
}

// waiting lists the eager subscriptions that are not answered yet: relays first, then those who asked first, then
// those whose substream nobody has.
func (s *Seats) waiting() []ask {
	v := &s.Desk.View
	var list []ask
	for _, l := range v.Links {
		for set := l.Out(swarm.Eager); set != 0; set &= set - 1 {
			k := bits.TrailingZeros64(set)
			if !slices.ContainsFunc(v.Pushes[k], func(t scheduler.Target) bool { return t.Link == l.Link }) {
				list = append(list, ask{link: l, k: k, relay: Relays(l, k)})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b ask) int {
		return cmp.Or(
			cmp.Compare(classOf(a.relay), classOf(b.relay)),
			cmp.Compare(a.link.Asks[a.k].Since, b.link.Asks[b.k].Since),
			cmp.Compare(len(v.Pushes[a.k]), len(v.Pushes[b.k])),
		)
	})
	return list
}

// children are the targets of substream k that stay, with the class that they have by now.
func (s *Seats) children(k int) []scheduler.Target {
	var to []scheduler.Target
	for _, t := range s.Desk.View.Pushes[k] {
		if l := s.Desk.View.Link(t.Link); l != nil && l.Asks[k].Mode == swarm.Eager {
			to = append(to, scheduler.Target{Link: t.Link, Class: classOf(Relays(l, k))})
		}
	}
	return to
}

// admit decides on one subscription: NoReason grants it. It may take a leaf's seat for a relay.
func (s *Seats) admit(a ask, t *seating) swarm.Reason {
	if s.fits(a, t) {
		return swarm.NoReason
	}
	strong := a.relay || float64(a.link.Status.Spare) >= Supplies*s.Uplink.Seat()
	if !strong || !s.reached(a.k) || s.Desk.Now < s.evicted+evictEvery {
		return swarm.NoCapacity
	}
	k, i := a.k, s.dispensable(a, t.to[a.k])
	if i < 0 {
		k, i = s.elsewhere(a, t)
	}
	if i < 0 {
		return swarm.NoCapacity
	}
	s.Desk.Do(scheduler.Refuse{Link: t.to[k][i].Link, Substream: k, Reason: swarm.NoCapacity})
	t.to[k] = slices.Delete(t.to[k], i, i+1)
	t.seats--
	s.evicted = s.Desk.Now
	return swarm.NoReason
}

// elsewhere finds a leaf in a substream in which this peer is further from the source than in the one that is asked for.
func (s *Seats) elsewhere(a ask, t *seating) (substream, place int) {
	if s.Desk.View.Stream.Role == swarm.Source {
		return 0, -1
	}
	mine := s.hops(a.k)
	substream, place = 0, -1
	for k := range t.to {
		h := s.hops(k)
		if h <= mine {
			continue
		}
		if i := s.dispensable(a, t.to[k]); i >= 0 {
			substream, place, mine = k, i, h
		}
	}
	return substream, place
}

// hops is how far this peer is from the source in substream k; 0 when it is not reached.
func (s *Seats) hops(k int) int {
	least := 0
	for _, l := range s.Desk.View.Links {
		if f := &l.Feeds[k]; f.Mode != swarm.Eager || !f.Flows {
			continue
		}
		h := l.Status.Hops.At(k)
		if l.Role == swarm.Source {
			h = 1
		}
		if h > 0 && (least == 0 || h < least) {
			least = h
		}
	}
	if least > 0 {
		least++
	}
	return least
}

// dispensable finds whose seat is worth less than that of the asker: its place in to, or -1. At a viewer that is a leaf with
// as little to spare as any; at the source it may be a relay with less than half of the uplink that the asker has to spare.
func (s *Seats) dispensable(a ask, to []scheduler.Target) int {
	source := s.Desk.View.Stream.Role == swarm.Source
	place, least := -1, a.link.Status.Spare/2
	if a.relay && !source {
		least = 1<<64 - 1
	}
	for i, t := range to {
		l := s.Desk.View.Link(t.Link)
		if l == nil || t.Class == scheduler.ClassInterior && !source {
			continue
		}
		worth := l.Status.Spare
		if t.Class == scheduler.ClassInterior {
			worth = l.Status.Uplink
		}
		if worth <= least {
			place, least = i, worth
		}
	}
	return place
}

// Supplies is how many seats a peer has to spare that is worth more than a leaf.
const Supplies = 4

// Relays reports whether l relays substream k, as it says.
func Relays(l *scheduler.Link, k int) bool { return l.Status.Relays&(1<<k) != 0 }
