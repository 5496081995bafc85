package seats

import (
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// leaveWithin is how long one whose seat went to another is pushed to, unless it feeds others by a seat at the source: many
// may depend on it, and it leaves by itself, once another feeder has shown that it delivers.
const leaveWithin = 1500 * time.Millisecond

// mostLeaving is the share of the seats whose holders may be leaving at a time: they are pushed to beyond what is granted.
const mostLeaving = 0.1

// noticeAfter is how long one has had a seat who is told before it is taken.
const noticeAfter = 3 * time.Second

// idlerAfter is how long one has been a neighbour for whom those lose their seats who give nothing: until then, it may be that
// the swarm has only just begun.
const idlerAfter = 4 * time.Second

// first is how many must be fed in a substream so that it spreads: for them, anybody's seat is taken.
const first = 2

// Dismiss ends the seats of those that have had the time to find another.
func (s *Seats) Dismiss() {
	s.survey()
	for k, to := range s.Desk.View.Pushes {
		for _, t := range slices.Clone(to) {
			if until, leaving := s.leaving[held{t.Link, k}]; leaving && s.Desk.Now >= until && !s.spreads(t.Link, k) {
				s.Desk.Do(scheduler.Refuse{Link: t.Link, Substream: k, Reason: swarm.NoCapacity})
			}
		}
	}
	// order-free: each entry is judged alone.
	for h := range s.leaving {
		if l := s.Desk.View.Link(h.link); l == nil || h.k >= len(l.Asks) || l.Asks[h.k].Mode != swarm.Eager {
			delete(s.leaving, h)
		}
	}
}

// spreads reports whether others depend on a seat at the source.
func (s *Seats) spreads(link swarm.LinkID, k int) bool {
	l := s.Desk.View.Link(link)
	return s.Desk.View.Stream.Role == swarm.Source && l != nil && Relays(l, k)
}

// unseat gives a relay the seat at the source of one that feeds nobody, in its substream or in another.
func (s *Seats) unseat(a ask, t *seating) swarm.Reason {
	if !a.relay || interior(t.to[a.k]) >= s.Copies {
		return swarm.NoCapacity
	}
	for n := range t.to {
		k := (a.k + n) % len(t.to)
		for i, to := range t.to[k] {
			if to.Class != scheduler.ClassInterior && (n == 0 || len(t.to[k]) > 1) {
				s.take(k, i, t)
				return swarm.NoReason
			}
		}
	}
	return swarm.NoCapacity
}

// idler finds the seat of one that can feed nobody, for one that feeds others and is fed by nobody: where the uplinks do not
// suffice for all, they suffice for those who give some.
func (s *Seats) idler(a ask, t *seating) (substream, place int) {
	if s.Keep == 0 || s.Desk.Now < a.link.Since+idlerAfter || a.link.Status.Hops.At(a.k) > 0 || float64(a.link.Status.Uplink) < Supplies*s.Uplink.Seat() {
		return 0, -1
	}
	return s.idlest(a, t)
}

// idlest finds the seat of one that can feed nobody: of several, that of who lacks most, and so plays nothing anyway.
func (s *Seats) idlest(a ask, t *seating) (substream, place int) {
	place, most := -1, -1
	for n := range t.to {
		k := (a.k + n) % len(t.to)
		for i, x := range t.to[k] {
			if l := s.Desk.View.Link(x.Link); l != nil && x.Class != scheduler.ClassInterior && s.idle(l) {
				if lacks := s.lacks(l); lacks > most {
					substream, place, most = k, i, lacks
				}
			}
		}
	}
	return substream, place
}

// idle reports whether l has no uplink to give, or nothing has come of what it says.
func (s *Seats) idle(l *scheduler.Link) bool {
	if s.Credit != nil && !s.Credit.Gives(l) {
		return true
	}
	return l.Role == swarm.Viewer && float64(max(l.Status.Spare, l.Status.Uplink)) < s.Uplink.Seat()
}

// take takes back a seat: with notice from one that has had it for a while.
func (s *Seats) take(k, i int, t *seating) {
	s.evicted = s.Desk.Now
	link := t.to[k][i].Link
	if l := s.Desk.View.Link(link); l == nil || s.Desk.Now < l.Asks[k].Since+noticeAfter {
		s.takeNow(k, i, t) // it hardly plays yet
		return
	}
	s.dismiss(held{link, k})
	t.leaving[k] = append(t.leaving[k], scheduler.Target{Link: link, Class: scheduler.ClassLeaf})
	t.vacate(k, i)
}

// takeNow takes back a seat without notice.
func (s *Seats) takeNow(k, i int, t *seating) {
	s.Desk.Do(scheduler.Refuse{Link: t.to[k][i].Link, Substream: k, Reason: swarm.NoCapacity})
	t.vacate(k, i)
}

// vacate takes a target off.
func (t *seating) vacate(k, i int) {
	t.to[k] = slices.Delete(t.to[k], i, i+1)
	t.seats--
}

// dismiss tells one that its seat goes to another.
func (s *Seats) dismiss(h held) {
	s.Desk.Do(scheduler.Refuse{Link: h.link, Substream: h.k, Reason: swarm.Outbid})
	if s.leaving == nil {
		s.leaving = make(map[held]time.Duration)
	}
	s.leaving[h] = s.Desk.Now + leaveWithin
}

// elsewhere finds a leaf in a substream in which this peer is further from the source than in the one that is asked for.
func (s *Seats) elsewhere(a ask, t *seating) (substream, place int) {
	mine := t.hops[a.k]
	if len(t.to[a.k]) >= s.Keep {
		mine++
	}
	substream, place = 0, -1
	for k := range t.to {
		h := t.hops[k]
		if h <= mine {
			continue
		}
		i := s.dispensable(a, k, t.to[k])
		if i < 0 && len(t.to[a.k]) < 2*s.Keep {
			i = slices.IndexFunc(t.to[k], func(x scheduler.Target) bool {
				return x.Class != scheduler.ClassInterior && (s.begins(a.k, t) || s.settled(s.Desk.View.Link(x.Link), k))
			})
		}
		if i >= 0 {
			substream, place, mine = k, i, h
		}
	}
	return substream, place
}

// dispensable finds the leaf whose seat is worth less than that of the asker, having as little to spare as any: its place in to, or -1.
func (s *Seats) dispensable(a ask, k int, to []scheduler.Target) int {
	place, least := -1, a.link.Status.Spare/2
	if a.relay {
		least = 1<<64 - 1
	}
	for i, t := range to {
		l := s.Desk.View.Link(t.Link)
		if l == nil || t.Class == scheduler.ClassInterior || !s.settled(l, k) {
			continue
		}
		if l.Status.Spare <= least {
			place, least = i, l.Status.Spare
		}
	}
	return place
}

// settled reports whether one has had its seat for long enough to lose it: before, it would only begin anew elsewhere. Who can
// feed nobody may lose it at any time.
func (s *Seats) settled(l *scheduler.Link, k int) bool {
	return s.Desk.Now >= l.Asks[k].Since+noticeAfter || s.idle(l)
}

// begins reports whether substream k has hardly left the source by way of this peer.
func (s *Seats) begins(k int, t *seating) bool { return len(t.to[k]) < first && t.hops[k] == 2 }
