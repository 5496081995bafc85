package substream

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/desk"
)

// listen keeps Lazy neighbours announcing all that they do not push.
func (p *policy) listen() {
	v := &p.View
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
			p.subscribe(l, set, swarm.None)
			continue
		}
		listening++
	}
	for listening < p.params.Lazy {
		l := p.announcer(others)
		if l == nil {
			break
		}
		p.subscribe(l, all&^l.In(swarm.Eager), swarm.Lazy)
		if l.In(swarm.Lazy) == 0 {
			break
		}
		listening++
	}
	for _, l := range v.Links { // what was pushed and is no longer is announced instead
		if missing := all &^ (l.In(swarm.Eager) | l.In(swarm.Lazy)); l.In(swarm.Lazy) != 0 && missing != 0 {
			if !p.avoids(l, missing) {
				p.subscribe(l, missing, swarm.Lazy)
			}
		}
	}
}

// announcer is the neighbour to listen to next: one that plays, near, and not the source while there are
// others.
func (p *policy) announcer(others int) *scheduler.Link {
	var best *scheduler.Link
	least := time.Duration(1 << 62)
	for _, l := range p.View.Links {
		if l.In(swarm.Lazy) != 0 || l.In(swarm.Eager) == p.View.All() || l.Role == swarm.Source && others > 1 || p.avoids(l, p.View.All()) {
			continue
		}
		score := p.distance(l) + time.Duration(p.Chance(desk.Of(l.Peer), 1<<32)*float64(scatter))
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
func (p *policy) avoids(l *scheduler.Link, set uint64) bool {
	for k := range p.View.Stream.Substreams {
		if set&(1<<k) != 0 && p.Now < p.feeds.avoided[key{l.Link, k}] {
			return true
		}
	}
	return false
}
