package engine

import (
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// telling is what a neighbour was told of this peer.
type telling struct {
	revision uint64        // own.revision that it knows
	at       time.Duration // when it was told that
	by       time.Duration // when it is to be told what has changed since
}

// sayStatus tells the neighbours what has changed: those whom it concerns soon, the others seldom.
func (e *Engine) sayStatus() {
	e.reviseStatus()
	for _, l := range e.links {
		if l.up && l.told.revision != e.self.revision && l.told.by <= e.now {
			e.tellStatus(l)
		}
	}
}

func (e *Engine) tellStatus(l *link) {
	if e.self.frame == nil {
		e.self.frame = e.encodeControl(&e.self.said)
	}
	l.told.revision, l.told.at = e.self.revision, e.now
	e.sendFrame(l, e.self.frame)
}

// reviseStatus looks whether there is something to say: what matters soon, small moves seldom.
func (e *Engine) reviseStatus() {
	since, soonest := e.now-e.self.saidAt, statusSoonest
	if e.self.tell.Open|e.self.tell.Spare == 0 && e.committed() == 0 {
		soonest = statusLeaf
	}
	if since < soonest {
		return
	}
	s, was := e.state(), &e.self.said
	if since < statusEvery && !e.self.status && !s.Hops.Farther(&was.Hops) {
		return
	}
	e.self.status = false
	if s.Relays == was.Relays && s.Open == was.Open && s.Hops == was.Hops && s.Playing == was.Playing && (s.Links > 0) == (was.Links > 0) &&
		!movedALot(s.Uplink, was.Uplink) && !movedALot(s.Spare, was.Spare) && !movedALot(uint64(s.Delay), uint64(was.Delay)+20) {
		return
	}
	for _, l := range e.links {
		by := e.tellBy(l, &s)
		if l.told.revision == e.self.revision || by < l.told.by {
			l.told.by = by
		}
	}
	e.self.said, e.self.saidAt, e.self.frame = s, e.now, nil
	e.self.revision++
}

// tellBy is when a neighbour is to know that this peer's status is s now. One that is fed from here, and now is farther from the
// source than it thinks or cut off, knows at once. One that does not play yet looks for feeders, and soon hears of another
// offer. The others have time until they are told something else.
func (e *Engine) tellBy(l *link, s *swarm.Status) time.Duration {
	switch was := &e.self.said; {
	case s.Hops.FartherIn(l.theirs.eager, &was.Hops):
		return e.now
	case l.status.Playing == 0 && (s.Open != was.Open || s.Hops.DifferIn(s.Open, &was.Hops)):
		return max(e.now, l.told.at+statusLooking)
	}
	return l.told.at + statusCalm
}
