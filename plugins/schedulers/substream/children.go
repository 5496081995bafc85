package substream

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// evictEvery is the least interval between two leaves that lose their seats to relays.
const evictEvery = time.Second

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

// serve grants or refuses eager subscriptions, and keeps the orders to push in step with them.
func (p *policy) serve() {
	v := &p.view
	s := seating{to: make([][]scheduler.Target, v.Stream.Substreams)}
	for k := range s.to {
		s.to[k] = p.children(k)
		s.seats += len(s.to[k])
	}
	for _, a := range p.waiting() {
		if reason := p.admit(a, &s); reason != swarm.NoReason {
			p.do(scheduler.Refuse{Link: a.link.Link, Substream: a.k, Reason: reason})
			continue
		}
		s.to[a.k] = append(s.to[a.k], scheduler.Target{Link: a.link.Link, Class: classOf(a.relay)})
		s.seats++
	}
	for k, to := range s.to {
		p.order(to)
		if !slices.Equal(to, v.Pushes[k]) {
			p.do(scheduler.Push{Substream: k, To: to})
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
func (p *policy) waiting() []ask {
	v := &p.view
	var list []ask
	for _, l := range v.Links {
		for set := l.Out(swarm.Eager); set != 0; set &= set - 1 {
			k := bits.TrailingZeros64(set)
			if !slices.ContainsFunc(v.Pushes[k], func(t scheduler.Target) bool { return t.Link == l.Link }) {
				list = append(list, ask{link: l, k: k, relay: relaysOf(l, k)})
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
func (p *policy) children(k int) []scheduler.Target {
	var to []scheduler.Target
	for _, t := range p.view.Pushes[k] {
		if l := p.view.Link(t.Link); l != nil && l.Asks[k].Mode == swarm.Eager {
			to = append(to, scheduler.Target{Link: t.Link, Class: classOf(relaysOf(l, k))})
		}
	}
	return to
}

// admit decides on one subscription: NoReason grants it. It may take a leaf's seat for a relay.
func (p *policy) admit(a ask, s *seating) swarm.Reason {
	if p.fits(a, s) {
		return swarm.NoReason
	}
	if !a.relay || !p.hasRoom(a.link) || p.now < p.evicted+evictEvery {
		return swarm.NoCapacity
	}
	for i, t := range slices.Backward(s.to[a.k]) {
		if t.Class != scheduler.ClassInterior {
			p.do(scheduler.Refuse{Link: t.Link, Substream: a.k, Reason: swarm.NoCapacity})
			s.to[a.k] = slices.Delete(s.to[a.k], i, i+1)
			s.seats--
			p.evicted = p.now
			return swarm.NoReason
		}
	}
	return swarm.NoCapacity
}

// shed takes seats back when the uplink has turned out to carry less than was granted: half of what is too much a
// tick, leaves before relays, and of those who came last.
func (p *policy) shed() {
	excess := float64(p.committed()) - overdraft*p.limit()/p.seat()
	for n := int(excess/2 + 1); excess > 0 && n > 0; n-- {
		link, k := p.last()
		if link == 0 || !p.do(scheduler.Refuse{Link: link, Substream: k, Reason: swarm.NoCapacity}) {
			return
		}
	}
}

// last finds the seat that goes first.
func (p *policy) last() (link swarm.LinkID, substream int) {
	class, since := scheduler.Class(0), time.Duration(0)
	for k, to := range p.view.Pushes {
		for _, t := range to {
			l := p.view.Link(t.Link)
			if l == nil || t.Class < class || t.Class == class && l.Asks[k].Since < since {
				continue
			}
			link, substream, class, since = t.Link, k, t.Class, l.Asks[k].Since
		}
	}
	return link, substream
}

// overdraft is how far commitments may exceed the limit before a seat is taken back.
const overdraft = 1.15

// fits reports whether one more seat can be granted.
func (p *policy) fits(a ask, s *seating) bool {
	affordable := p.limit() / p.seat()
	if float64(s.seats+1) > affordable {
		return false
	}
	if p.view.Stream.Role != swarm.Source {
		return true
	}
	have := len(s.to[a.k])
	if have >= p.params.Copies { // beyond the copies: rescue, within its bound
		return !a.relay && float64(s.seats) < (float64(p.params.Copies)+p.params.Rescue)*float64(len(s.to))
	}
	bare := 0 // substreams that nobody has yet are first in line
	for k := range s.to {
		if k != a.k && len(s.to[k]) == 0 {
			bare++
		}
	}
	return have == 0 || float64(s.seats+1+bare) <= affordable
}

// order sorts targets: relays first, the strongest of them first, then by age.
func (p *policy) order(to []scheduler.Target) {
	strength := func(t scheduler.Target) int {
		if t.Class != scheduler.ClassInterior {
			return 0
		}
		if l := p.view.Link(t.Link); l != nil {
			return bits.Len64(l.Status.Uplink) // by octaves, so that the order is not for ever changing
		}
		return 0
	}
	slices.SortStableFunc(to, func(a, b scheduler.Target) int {
		if c := cmp.Compare(a.Class, b.Class); c != 0 {
			return c
		}
		return cmp.Compare(strength(b), strength(a))
	})
}

// unserve lets the targets of an order that the uplink does not carry look elsewhere. Of one that was refused because
// a target is gone, the rest is in force, and LinkDown takes the target off.
func (p *policy) unserve(o scheduler.Push, reason scheduler.RefusedReason) {
	if o.Substream < 0 || o.Substream >= len(p.view.Pushes) || reason == scheduler.RefusedNoLink {
		return
	}
	for _, t := range o.To {
		if l := p.view.Link(t.Link); l != nil && l.Asks[o.Substream].Mode == swarm.Eager {
			p.do(scheduler.Refuse{Link: t.Link, Substream: o.Substream, Reason: swarm.NoCapacity})
		}
	}
}
