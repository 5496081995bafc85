package feeders

import (
	"math/bits"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
)

// scatter spreads the choice among equals.
const scatter = 5 * time.Millisecond

// Listen keeps Lazy neighbours announcing all that they do not push.
func (f *Feeders) Listen() {
	v := &f.Desk.View
	all := v.All()
	listening, others := 0, 0
	for _, l := range v.Links {
		if l.Role != swarm.Source {
			others++
		}
	}
	for _, l := range v.Links {
		set := l.In(swarm.Lazy)
		if set == 0 {
			continue
		}
		if l.Role == swarm.Source && others > 1 { // it is listened to only while there is nobody else
			f.Subscribe(l, set, swarm.None)
			continue
		}
		listening++
	}
	for listening < f.Lazy {
		l := f.announcer(others)
		if l == nil {
			break
		}
		f.Subscribe(l, all&^l.In(swarm.Eager), swarm.Lazy)
		if l.In(swarm.Lazy) == 0 {
			break
		}
		listening++
	}
	for _, l := range v.Links { // what was pushed and is no longer is announced instead
		if missing := all &^ (l.In(swarm.Eager) | l.In(swarm.Lazy)); l.In(swarm.Lazy) != 0 && missing != 0 {
			if !f.avoids(l, missing) {
				f.Subscribe(l, missing, swarm.Lazy)
			}
		}
	}
}

// announcer is the neighbour to listen to next: one that plays, near, and not the source while there are
// others.
func (f *Feeders) announcer(others int) *scheduler.Link {
	var best *scheduler.Link
	least := time.Duration(1 << 62)
	for _, l := range f.Desk.View.Links {
		if l.In(swarm.Lazy) != 0 || l.In(swarm.Eager) == f.Desk.View.All() || l.Role == swarm.Source && others > 1 || f.avoids(l, f.Desk.View.All()) {
			continue
		}
		score := f.Distance(l) + time.Duration(f.Desk.Chance(desk.Of(l.Peer), 1<<32)*float64(scatter))
		if l.Role == swarm.Source {
			score += time.Hour
		} else if l.Status.Playing == 0 {
			score += time.Minute
		}
		if score < least {
			best, least = l, score
		}
	}
	return best
}

// avoids reports whether l has lately refused any of set.
func (f *Feeders) avoids(l *scheduler.Link, set uint64) bool {
	for k := range f.Desk.View.Stream.Substreams {
		if set&(1<<k) != 0 && f.Desk.Now < f.avoided[key{l.Link, k}] {
			return true
		}
	}
	return false
}

// Flowing is the set of substreams that come in eagerly. A relay speaks only of those: who follows one that waits to
// be fed itself may close a circle in which everybody waits.
func (f *Feeders) Flowing() uint64 {
	var set uint64
	for _, l := range f.Desk.View.Links {
		for eager := l.In(swarm.Eager) &^ set; eager != 0; eager &= eager - 1 {
			if k := bits.TrailingZeros64(eager); l.Feeds[k].Flows {
				set |= 1 << k
			}
		}
	}
	return set
}
