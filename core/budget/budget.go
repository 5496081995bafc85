package budget

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// Source is what an engine sees of the budget: its share of the node's uplink.
type Source interface {
	// Take asks to send size wire bytes of class now. ok means that they are granted and charged. Otherwise
	// retry is the earliest time at which asking again makes sense.
	Take(now time.Duration, class scheduler.Class, size int) (ok bool, retry time.Duration)
	// Rate is what the share can count on, in wire bytes per second: its part of the cap or, without one, of what receipts
	// have shown the uplink to carry; 0 means unknown. shown says that it is known to carry no more. The part is by weight, and
	// what others are not bound to of theirs. So it shrinks, to that by weight at the least, as they bind themselves.
	Rate() (rate uint64, shown bool)
	// Cap is the share's part, likewise, of the configured cap, bytes per second; 0 for none.
	Cap() uint64
	// Bind tells how much the engine is bound to send from now on, in wire bytes per second: at first nothing.
	Bind(rate uint64)
}

// Confirmer takes receipts. A Share is one; an engine whose Source is one tells it what leaves and passes on the receipts
// of its peers, from which the uplink is measured.
type Confirmer interface {
	// Receipt tells what a peer says that it has received over link. A count that goes back begins anew.
	Receipt(now time.Duration, link swarm.LinkID, r Receipt)
	// Sent tells that size wire bytes leave on a link now: those of a grant or, below zero, of one that the transport
	// did not take.
	Sent(now time.Duration, link swarm.LinkID, size int)
	// Forget drops what is known of a link that is down.
	Forget(link swarm.LinkID)
}

// Receipt is what a peer says that it has received over a link.
type Receipt struct {
	Acked  uint64        // wire bytes, in all
	Delay  time.Duration // by how much the mean delay of those since its last receipt exceeded the least that it saw in the last minutes
	Newest time.Duration // when the newest of them left, to the millisecond: what left before it and is not counted is lost
}
