package seats

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// Shed takes seats back when the uplink has turned out to carry less than was granted: half of what is too much a
// tick, leaves before relays, and of those who came last.
func (s *Seats) Shed() {
	excess := float64(s.Uplink.Committed()) - overdraft*s.Uplink.Limit()/s.Uplink.Seat()
	for n := int(excess/2 + 1); excess > 0 && n > 0; n-- {
		link, k := s.last()
		if link == 0 || !s.Desk.Do(scheduler.Refuse{Link: link, Substream: k, Reason: swarm.NoCapacity}) {
			return
		}
	}
}

// Replace takes the seat of the weakest of those who feed others, in each substream in which a source has one more of them
// than it has seats for: a stronger one has come.
func (s *Seats) Replace() {
	if s.Desk.View.Stream.Role != swarm.Source {
		return
	}
	t := s.now()
	for k, to := range t.to {
		if interior(to) <= s.Copies || len(t.leaving[k]) > 0 {
			continue
		}
		if weakest := s.weakest(k, to); weakest != nil {
			s.dismiss(held{weakest.Link, k})
		}
	}
}

// weakest is the one with the least uplink of those who feed others; nil while one of all has only just come, or has gone.
func (s *Seats) weakest(k int, to []scheduler.Target) (weakest *scheduler.Link) {
	for _, t := range to {
		l := s.Desk.View.Link(t.Link)
		if l == nil || s.Desk.Now < l.Asks[k].Since+replaceAfter {
			return nil
		}
		if t.Class == scheduler.ClassInterior && (weakest == nil || l.Status.Uplink < weakest.Status.Uplink) {
			weakest = l
		}
	}
	return weakest
}

// replaceAfter is how long a stronger one feeds others until a weaker one goes.
const replaceAfter = time.Second

// last finds the seat that goes first.
func (s *Seats) last() (link swarm.LinkID, substream int) {
	class, since := scheduler.Class(0), time.Duration(0)
	for k, to := range s.Desk.View.Pushes {
		for _, t := range to {
			l := s.Desk.View.Link(t.Link)
			if l == nil {
				continue
			}
			c := t.Class
			if c == scheduler.ClassLeaf && s.Keep > 0 && s.idle(l) {
				c = scheduler.ClassExtra // those who give nothing go before other leaves
			}
			if c < class || c == class && l.Asks[k].Since < since {
				continue
			}
			link, substream, class, since = t.Link, k, c, l.Asks[k].Since
		}
	}
	return link, substream
}

// overdraft is how far commitments may exceed the limit before a seat is taken back.
const overdraft = 1.15

// fits reports whether one more seat can be granted.
func (s *Seats) fits(a ask, t *seating) bool {
	if !s.reached(a.k, t) {
		return false
	}
	affordable := s.Uplink.Limit() / s.Uplink.Seat()
	if s.Desk.View.Stream.Role != swarm.Source {
		if s.Keep > 0 && a.link.Status.Hops.At(a.k) == 0 && !s.idle(a.link) {
			return float64(t.seats+1) <= affordable*s.beyond()
		}
		return float64(t.seats+1+s.kept(a.k, t)) <= affordable
	}
	if float64(t.seats+1) > affordable {
		return false
	}
	if inner := interior(t.to[a.k]); a.relay && inner <= s.Copies && s.outdoes(a, t.to[a.k]) {
		return inner == s.Copies && len(t.leaving[a.k]) == 0 || float64(t.seats) < (float64(s.Copies)+s.Rescue)*float64(len(t.to)) // the weaker one leaves once it sees who takes its place
	}
	have := len(t.to[a.k])
	if have >= s.Copies { // beyond the copies: rescue, within its bound
		return !a.relay && float64(t.seats) < (float64(s.Copies)+s.Rescue)*float64(len(t.to))
	}
	bare := 0 // substreams that nobody has yet are first in line
	for k := range t.to {
		if k != a.k && len(t.to[k]) == 0 {
			bare++
		}
	}
	return have == 0 || float64(t.seats+1+bare) <= affordable
}

// needy is by how much the limit may be exceeded for one who is fed by nobody.
const needy = 1.07

// Open is the set of substreams in which this peer has a seat to give; of a source, to one that feeds others. It is asked after
// Serve, of the same batch.
func (s *Seats) Open() (set uint64) {
	v := &s.Desk.View
	t := &s.seating
	if !s.lasts {
		t = s.now()
	}
	s.lasts = false
	affordable := s.Uplink.Limit() / s.Uplink.Seat()
	yields := false           // somebody would lose a seat to one that contributes
	farthest, settled := 0, 0 // of the substreams in which a leaf has a seat, or one that may lose it
	for k, to := range t.to {
		for _, x := range to {
			if l := v.Link(x.Link); l != nil && x.Class != scheduler.ClassInterior {
				farthest = max(farthest, t.hops[k])
				yields = yields || s.short && s.yields(l)
				if s.settled(l, k) {
					settled = max(settled, t.hops[k])
				}
			}
		}
	}
	for k, to := range t.to {
		switch {
		case v.Stream.Role == swarm.Source:
			if interior(to) < s.Copies {
				set |= 1 << k
			}
		case !s.reached(k, t):
		case float64(t.seats+1) <= affordable && float64(t.seats+1+s.kept(k, t)) <= affordable:
			set |= 1 << k
		case s.short:
			if yields {
				set |= 1 << k
			}
		case s.begins(k, t) && t.hops[k] < farthest, len(to) < s.Keep && t.hops[k] < settled, len(to) < 2*s.Keep && t.hops[k]+1 < settled: // room is made
			set |= 1 << k
		}
	}
	return set
}

// interior counts those who feed others.
func interior(to []scheduler.Target) (n int) {
	for _, t := range to {
		if t.Class == scheduler.ClassInterior {
			n++
		}
	}
	return n
}

// kept is how many seats are kept free for the substreams in which this peer is nearer to the source than in k.
func (s *Seats) kept(k int, t *seating) (n int) {
	if s.Keep == 0 {
		return 0
	}
	mine := t.hops[k]
	for j := range t.to {
		if have := len(t.to[j]); have < s.Keep && j != k {
			if h := t.hops[j]; h > 0 && h < mine {
				n += s.Keep - have
			}
		}
	}
	return min(n, int(s.Uplink.Limit()/s.Uplink.Seat()/8))
}

// order sorts targets: relays first, the strongest of them first, then by age.
func (s *Seats) order(to []scheduler.Target) {
	strength := func(t scheduler.Target) int {
		if t.Class != scheduler.ClassInterior {
			return 0
		}
		if l := s.Desk.View.Link(t.Link); l != nil {
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

// Unserve lets the targets of an order that the uplink does not carry look elsewhere. Of one that was refused because
// a target is gone, the rest is in force, and LinkDown takes the target off.
func (s *Seats) Unserve(o scheduler.Push, reason scheduler.RefusedReason) {
	if o.Substream < 0 || o.Substream >= len(s.Desk.View.Pushes) || reason == scheduler.RefusedNoLink {
		return
	}
	for _, t := range o.To {
		if l := s.Desk.View.Link(t.Link); l != nil && l.Asks[o.Substream].Mode == swarm.Eager {
			s.Desk.Do(scheduler.Refuse{Link: t.Link, Substream: o.Substream, Reason: swarm.NoCapacity})
		}
	}
}

// reached reports whether this peer has substream k to give: it is the source, or is pushed to itself.
func (s *Seats) reached(k int, t *seating) bool {
	return s.Desk.View.Stream.Role == swarm.Source || t.reached&(1<<k) != 0
}

// outdoes reports whether the asker has twice the uplink of one of those who have a seat.
func (s *Seats) outdoes(a ask, to []scheduler.Target) bool {
	for _, t := range to {
		if l := s.Desk.View.Link(t.Link); l != nil && a.link.Status.Uplink >= Outdo*l.Status.Uplink {
			return true
		}
	}
	return false
}

// Outdo is how many times the uplink of another is worth its place near the source.
const Outdo = 2
