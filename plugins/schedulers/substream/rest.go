package substream

import (
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// Where the uplinks do not suffice for all, a viewer that lacks some substreams plays nothing, and what it is fed is lost to those who
// lack a few others. So, when its neighbours too lack some, it gives up for a while what it does not hand on, and tries again: those first who give the others least.

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
