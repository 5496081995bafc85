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

// serve grants or refuses eager subscriptions, and keeps the orders to push in step with them.
func (p *policy) serve() {
	v := &p.view
	waiting := p.waiting()
	slices.SortStableFunc(waiting, func(a, b ask) int {
		if a.relay != b.relay {
			if a.relay {
				return -1
			}
			return 1
		}
		if c := cmp.Compare(a.link.Asks[a.k].Since, b.link.Asks[b.k].Since); c != 0 {
			return c
		}
		return cmp.Compare(len(v.Pushes[a.k]), len(v.Pushes[b.k])) // substreams without a child first
	})
	granted := make([][]scheduler.Target, v.Stream.Substreams)
	for k := range granted {
		granted[k] = p.children(k)
	}
	seats := 0
	for _, to := range granted {
		seats += len(to)
	}
	for _, a := range waiting {
		ok, reason := p.admit(a, granted, seats)
		if !ok {
			p.do(scheduler.Refuse{Link: a.link.Link, Substream: a.k, Reason: reason})
			continue
		}
		before := len(granted[a.k])
		granted[a.k] = append(granted[a.k], scheduler.Target{Link: a.link.Link, Class: classOf(a.relay)})
		seats += len(granted[a.k]) - before
	}
	for k, to := range granted {
		p.order(to)
		bit := uint64(1) << k
		if !slices.Equal(to, v.Pushes[k]) || p.redo&bit != 0 && p.now >= p.redoAt {
			if p.do(scheduler.Push{Substream: k, To: to}) {
				p.redo &^= bit
			}
		}
	}
}

func classOf(relay bool) scheduler.Class {
	if relay {
		return scheduler.ClassInterior
	}
	return scheduler.ClassLeaf
}

// waiting lists the eager subscriptions that are not answered yet.
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

// admit decides on one subscription. It may take a leaf off granted in favour of a relay.
func (p *policy) admit(a ask, granted [][]scheduler.Target, seats int) (bool, swarm.Reason) {
	if p.view.Stream.Role != swarm.Source && a.link.In(swarm.Eager)&(1<<a.k) != 0 {
		return false, swarm.WouldLoop
	}
	if p.fits(a, granted, seats) {
		return true, swarm.NoReason
	}
	if a.relay && p.hasRoomFor(a.link) && p.now >= p.evicted+evictEvery {
		for i, t := range slices.Backward(granted[a.k]) {
			if t.Class != scheduler.ClassInterior {
				granted[a.k] = slices.Delete(granted[a.k], i, i+1)
				p.evicted = p.now
				return true, swarm.NoReason
			}
		}
	}
	return false, swarm.NoCapacity
}

// hasRoomFor reports whether a relay can take the leaf that makes room for it.
func (p *policy) hasRoomFor(l *scheduler.Link) bool { return float64(l.Status.Spare) >= p.seat() }

// fits reports whether one more seat can be granted.
func (p *policy) fits(a ask, granted [][]scheduler.Target, seats int) bool {
	affordable := p.limit() / p.seat()
	if float64(seats+1) > affordable {
		return false
	}
	if p.view.Stream.Role != swarm.Source {
		return true
	}
	have := len(granted[a.k])
	if have >= p.params.Copies { // beyond the copies: rescue, within its bound
		return !a.relay && float64(seats) < (float64(p.params.Copies)+p.params.Rescue)*float64(len(granted))
	}
	bare := 0 // substreams that nobody has yet are first in line
	for k := range granted {
		if k != a.k && len(granted[k]) == 0 {
			bare++
		}
	}
	return have == 0 || float64(seats+1+bare) <= affordable
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

// unserve mends an order that the engine would not carry out. When a target was gone, the order is given again
// without it a tick later; otherwise the uplink does not carry it, and the targets look elsewhere.
func (p *policy) unserve(o scheduler.Push, reason scheduler.RefusedReason) {
	if o.Substream < 0 || o.Substream >= len(p.view.Pushes) {
		return
	}
	if reason == scheduler.RefusedNoLink {
		p.redo |= 1 << o.Substream
		p.redoAt = p.now + tick
		return
	}
	for _, t := range o.To {
		if l := p.view.Link(t.Link); l != nil && l.Asks[o.Substream].Mode == swarm.Eager {
			p.do(scheduler.Refuse{Link: t.Link, Substream: o.Substream, Reason: swarm.NoCapacity})
		}
	}
}
