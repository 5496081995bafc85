package seats

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/credit"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/uplink"
)

// Seats decides on the eager subscriptions of neighbours.
type Seats struct {
	Desk   *desk.Desk
	Uplink *uplink.Uplink
	Copies int            // seats at a source for each substream
	Rescue float64        // further seats at a source, in copies of the whole stream, for those who relay nothing of it
	Credit *credit.Credit // what is believed of neighbours; nil for all that they say
	Keep   int            // seats that a viewer keeps free for each substream in which it is nearer to the source than in the one asked for; 0 for none

	evicted time.Duration          // when a leaf last lost its seat to a relay
	leaving map[held]time.Duration // until when those are pushed to whose seats went to others
	short   bool                   // many neighbours lack substreams: the uplinks do not suffice for all
	seating seating                // see now
	lasts   bool                   // nothing has changed since it was looked at
	asks    []ask                  // memory of waiting
}

// evictEvery is the least interval between two that lose their seats to those who can do more with them.
const evictEvery = 250 * time.Millisecond

// held is a seat that somebody has.
type held struct {
	link swarm.LinkID
	k    int
}

// ask is one neighbour that wants one substream.
type ask struct {
	link  *scheduler.Link
	k     int
	relay bool // it relays k
}

// seating is who gets which substream, while it is being decided. Its memory is used again.
type seating struct {
	to      [][]scheduler.Target // by substream, without those that are leaving
	leaving [][]scheduler.Target // by substream
	seats   int                  // in all, without those that are leaving
	reached uint64               // bit k: this peer is pushed to in substream k
	hops    []int                // by substream: how far this peer is from the source; 0 when it is not reached
}

// Serve grants or refuses eager subscriptions, and keeps the orders to push in step with them.
func (s *Seats) Serve() {
	v := &s.Desk.View
	t := s.now()
	s.lasts = true
	for _, a := range s.waiting() {
		s.lasts = false
		if reason := s.admit(a, t); reason != swarm.NoReason {
			s.Desk.Do(scheduler.Refuse{Link: a.link.Link, Substream: a.k, Reason: reason})
			continue
		}
		t.to[a.k] = append(t.to[a.k], scheduler.Target{Link: a.link.Link, Class: classOf(a.relay)})
		t.seats++
	}
	for k, to := range t.to {
		s.order(to)
		if len(t.leaving[k]) > 0 {
			to = append(to, t.leaving[k]...)
		}
		if !slices.Equal(to, v.Pushes[k]) {
			s.lasts = false
			s.Desk.Do(scheduler.Push{Substream: k, To: slices.Clone(to)})
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
	list := s.asks[:0]
	for _, l := range v.Links {
		for set := l.Out(swarm.Eager); set != 0; set &= set - 1 {
			k := bits.TrailingZeros64(set)
			if !slices.ContainsFunc(v.Pushes[k], func(t scheduler.Target) bool { return t.Link == l.Link }) {
				list = append(list, ask{link: l, k: k, relay: s.relays(l, k)})
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
	s.asks = list
	return list
}

// now is who has which substream, with the class that they have by now. It is valid until it is called again, and as long as
// nothing changes in the view but what is asked of this peer.
func (s *Seats) now() *seating {
	v := &s.Desk.View
	t := &s.seating
	t.begin(len(v.Pushes))
	t.near(v)
	for k, to := range v.Pushes {
		for _, target := range to {
			l := v.Link(target.Link)
			if l == nil || l.Asks[k].Mode != swarm.Eager {
				continue
			}
			if s.isLeaving(held{l.Link, k}) {
				t.leaving[k] = append(t.leaving[k], scheduler.Target{Link: l.Link, Class: scheduler.ClassLeaf})
				continue
			}
			t.to[k] = append(t.to[k], scheduler.Target{Link: l.Link, Class: classOf(s.relays(l, k))})
			t.seats++
		}
	}
	return t
}

// begin empties t.
func (t *seating) begin(substreams int) {
	if len(t.to) != substreams {
		*t = seating{
			to: make([][]scheduler.Target, substreams), leaving: make([][]scheduler.Target, substreams), hops: make([]int, substreams),
		}
	}
	for k := range t.to {
		t.to[k], t.leaving[k], t.hops[k] = t.to[k][:0], t.leaving[k][:0], 0
	}
	t.seats, t.reached = 0, 0
}

// near finds how far this peer is from the source, by those who push to it.
func (t *seating) near(v *scheduler.View) {
	for _, l := range v.Links {
		for set := l.In(swarm.Eager) & v.All(); set != 0; set &= set - 1 {
			k := bits.TrailingZeros64(set)
			if !l.Feeds[k].Flows {
				continue
			}
			t.reached |= 1 << k
			h := l.Status.Hops.At(k)
			if l.Role == swarm.Source {
				h = 1
			}
			if h > 0 && (t.hops[k] == 0 || h+1 < t.hops[k]) {
				t.hops[k] = h + 1
			}
		}
	}
}

// isLeaving reports whether the seat went to another.
func (s *Seats) isLeaving(h held) bool {
	if len(s.leaving) == 0 {
		return false
	}
	_, leaving := s.leaving[h]
	return leaving
}

// admit decides on one subscription: NoReason grants it. It may take a leaf's seat for a relay.
func (s *Seats) admit(a ask, t *seating) swarm.Reason {
	if s.fits(a, t) {
		return swarm.NoReason
	}
	if !s.reached(a.k, t) {
		return swarm.NoCapacity
	}
	if float64(len(s.leaving)) > max(1, s.Uplink.Limit()/s.Uplink.Seat()*mostLeaving) {
		return swarm.NoCapacity
	}
	if s.Desk.View.Stream.Role == swarm.Source {
		return s.unseat(a, t)
	}
	if s.short {
		return s.triage(a, t)
	}
	if k, i := s.idler(a, t); i >= 0 {
		s.takeNow(k, i, t)
		return swarm.NoReason
	}
	strong, few := a.relay || float64(a.link.Status.Spare) >= Supplies*s.Uplink.Seat(), len(t.to[a.k]) < 2*s.Keep
	if !strong && !few || !few && s.Desk.Now < s.evicted+evictEvery {
		return swarm.NoCapacity
	}
	k, i := a.k, -1
	if strong {
		i = s.dispensable(a, a.k, t.to[a.k])
	}
	if i < 0 {
		k, i = s.elsewhere(a, t)
	}
	if i < 0 {
		return swarm.NoCapacity
	}
	s.take(k, i, t)
	return swarm.NoReason
}

// Supplies is how many seats a peer has to spare that is worth more than a leaf.
const Supplies = 4

// Relays reports whether l relays substream k, as it says.
func Relays(l *scheduler.Link, k int) bool { return l.Status.Relays&(1<<k) != 0 }

// relays reports whether l relays substream k, as far as it is believed.
func (s *Seats) relays(l *scheduler.Link, k int) bool {
	return Relays(l, k) && (s.Credit == nil || s.Credit.Gives(l))
}
