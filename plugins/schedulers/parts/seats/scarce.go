package seats

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// Where uplinks do not suffice for all, a little less for everybody would be nothing for anybody: a viewer that lacks one
// substream of sixteen plays nothing. So those who contribute come first, and of two who are alike, the one that lacks less:
// it takes seats of one that lacks several more, which then waits. That is an order, so nobody goes round in circles.

const (
	scarceAfter = 4 * time.Second // that one has been a neighbour until what it lacks counts
	scarceLacks = 2               // substreams that it then lacks
	scarceLeast = 2               // such neighbours, and
	scarceShare = 10              // one in so many at the least, where uplinks do not suffice
	richer      = 3               // substreams that one must lack more than another to lose a seat to it
)

// Scarce reports whether the uplinks seem not to suffice for all, by what the neighbours lack.
func (s *Seats) Scarce() bool { return s.short }

// survey looks whether many neighbours that have been there for a while lack substreams.
func (s *Seats) survey() {
	lacking, all := 0, 0
	for _, l := range s.Desk.View.Links {
		if s.Keep == 0 || l.Role != swarm.Viewer || s.Desk.Now < l.Since+scarceAfter {
			continue
		}
		all++
		if s.lacks(l) >= scarceLacks {
			lacking++
		}
	}
	s.short = lacking >= scarceLeast && lacking*scarceShare >= all
}

// lacks counts the substreams that nobody pushes to l, as it says.
func (s *Seats) lacks(l *scheduler.Link) int {
	return s.Desk.View.Stream.Substreams - l.Status.Hops.Reached()
}

// contributes reports whether l has shown that it feeds others.
func (s *Seats) contributes(l *scheduler.Link) bool {
	return !s.idle(l) && float64(l.Status.Uplink) >= Supplies*s.Uplink.Seat()
}

// beyond is by how much the limit may be exceeded for one who is fed by nobody: not where uplinks are short, and much is repaired.
func (s *Seats) beyond() float64 {
	if s.short {
		return 1
	}
	return needy
}

// yields reports whether l may well lose a seat to one that contributes.
func (s *Seats) yields(l *scheduler.Link) bool { return s.idle(l) || s.lacks(l) > richer }

// triage decides on a subscription that there is no room for, where uplinks do not suffice for all.
func (s *Seats) triage(a ask, t *seating) swarm.Reason {
	fed := a.link.Status.Hops.At(a.k) > 0
	if fed && (!a.relay || s.Desk.Now < s.evicted+evictEvery) {
		return swarm.NoCapacity // a better place is for those on whom others depend
	}
	k, i := s.poorest(a.link, t)
	switch {
	case i < 0:
		return swarm.NoCapacity
	case fed:
		s.take(k, i, t)
	default:
		s.takeNow(k, i, t)
	}
	return swarm.NoReason
}

// poorest finds the seat that another loses to l: of several, that of who lacks most, and so plays nothing anyway. place is -1
// for none.
func (s *Seats) poorest(l *scheduler.Link, t *seating) (substream, place int) {
	least := s.lacks(l) + richer
	gives, idle := s.contributes(l), s.idle(l)
	place, most := -1, -1
	for k, to := range t.to {
		for i, x := range to {
			o := s.Desk.View.Link(x.Link)
			if o == nil || o == l || x.Class == scheduler.ClassInterior {
				continue
			}
			lacks, useless := s.lacks(o), s.idle(o)
			switch {
			case useless && gives:
				lacks += s.Desk.View.Stream.Substreams // before any that contributes
			case useless != idle || lacks < least || !gives && !idle:
				continue
			}
			if lacks > most {
				substream, place, most = k, i, lacks
			}
		}
	}
	return substream, place
}
