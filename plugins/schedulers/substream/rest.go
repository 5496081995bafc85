package substream

import (
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// Where the uplinks do not suffice for all, a viewer that lacks some substreams plays nothing, and what it is fed is lost to those who
// lack a few others. So, when its neighbours too lack some, it gives up for a while what it does not hand on, and tries again: those first
// who give the others least. As soon as there is room for all that it lacked, it rests no more.
//
// And a joiner plays nothing there until it is fed, however long that takes. Of the chunks that nobody pushes to it most would be refused
// if it asked for them one by one, and asked for again: a twelfth of all uplinks, with 160 viewers.

const (
	restLacks  = 2               // substreams that are lacking, so that nothing can be played
	restNewest = 6 * time.Second // of a newcomer, until that begins to count
	restAfter  = 3 * time.Second // of that; for each stream rate that this peer can give, restMore more
	restMore   = 8 * time.Second
	restFor    = 3 * time.Second // the first time, then twice as long each time, up to restMost; and up to half as much again
	restMost   = 10 * time.Second
)

// rest gives up what this viewer does not hand on, when it has lacked substreams for too long.
func (p *policy) rest() {
	p.wakes()
	if p.View.Stream.Role != swarm.Viewer || !p.Seats.Scarce() || len(p.View.Links) < yieldLinks || p.starving() < restLacks || p.Now < p.Began+restNewest {
		if p.whole = p.Now; p.Now > p.rests+restMost {
			p.rested = 0
		}
		return
	}
	patience := restAfter + time.Duration(float64(restMore)*min(p.Uplink.Limit()/p.Uplink.Rate(), 10))
	if p.Now < p.whole+patience || p.resting() {
		return
	}
	p.lacked = p.unpushed()
	p.relays.turn++
	p.rested = min(max(2*p.rested, restFor), restMost)
	p.rests = p.Now + p.rested + time.Duration(p.Chance(p.relays.turn, 1<<21)*float64(p.rested/2))
	p.whole = p.rests
	for _, l := range p.View.Links {
		set := l.In(swarm.Eager) &^ p.feeding()
		if set != 0 {
			p.feeders.Subscribe(l, set, swarm.None)
		}
	}
}

// resting reports whether this viewer leaves what there is to others.
func (p *policy) resting() bool { return p.Now < p.rests }

// wakes ends the rest when neighbours have room in all that this viewer lacked: more has become available.
func (p *policy) wakes() {
	open := uint64(0)
	for _, l := range p.View.Links {
		if l.Role != swarm.Source && p.Uplink.HasRoom(l) {
			open |= l.Status.Open
		}
	}
	if p.resting() && p.lacked&^open == 0 {
		p.rests, p.whole, p.rested = p.Now, p.Now, 0
	}
}

// await says how long a joiner waits to be fed until it asks for chunks and plays all the same: not at all as long as everybody has
// room, and where uplinks do not suffice, for as long as that is so.
func (p *policy) await() {
	switch {
	case p.Seats.Scarce():
		p.mend(scarceUnfed)
	case p.denied:
		p.mend(p.params.Unfed)
	}
}

// scarceUnfed is longer than anybody waits.
const scarceUnfed = time.Minute
