package substream

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// links is the memory of neighbour choice.
type links struct {
	next   time.Duration // when candidates may be asked for again
	wait   time.Duration // between the last two times
	pruned time.Duration // when a link was last ended
}

const (
	mostDials    = 6 // at once
	firstWait    = 500 * time.Millisecond
	longestWait  = 8 * time.Second
	retryAfter   = time.Second // after a dial that failed, doubled each time
	longestRetry = 30 * time.Second
	sourceWaits  = 2 * time.Second // before a source without links dials
	idleFor      = 5 * time.Second // before a link that carries nothing may be ended
	nearlyFull   = 2               // link ends kept free for newcomers
)

// meet connects to candidates and asks for more when there are too few.
func (p *policy) meet() {
	v := &p.view
	want := min(p.params.Neighbours, max(v.Stream.MaxLinks-nearlyFull, 1))
	if v.Stream.Role == swarm.Source {
		if p.now < p.began+sourceWaits {
			return // viewers dial
		}
		want = min(want, p.params.Copies)
	}
	have, dialing := len(v.Links), 0
	for _, k := range v.Known {
		if k.Dialing {
			dialing++
		}
	}
	if v.Stream.Role != swarm.Source { // the source first, beyond the number sought if need be
		for _, k := range v.Known {
			if k.Role == swarm.Source && p.dialable(k) && p.do(scheduler.Connect{Peer: k.Peer}) {
				dialing++
			}
		}
	}
	for have+dialing < want && dialing < mostDials {
		best := p.stranger()
		if best == nil || !p.do(scheduler.Connect{Peer: best.Peer}) {
			break
		}
		dialing++
	}
	switch {
	case have+dialing >= want:
		p.links.wait = 0
	case p.now >= p.links.next && p.do(scheduler.Introduce{Count: want - have - dialing}):
		p.links.wait = min(max(2*p.links.wait, firstWait), longestWait)
		p.links.next = p.now + p.links.wait
	}
}

// stranger is the candidate to link to next: one at random, which is what keeps a random graph connected. Every
// peer draws by its own seed.
func (p *policy) stranger() *scheduler.Known {
	var best *scheduler.Known
	least := 2.0
	for _, k := range p.view.Known {
		if !p.dialable(k) || p.view.Stream.Role == swarm.Source && k.Role == swarm.Source {
			continue
		}
		if c := p.chance(of(k.Peer), uint64(k.Failures)); c < least {
			best, least = k, c
		}
	}
	return best
}

func (p *policy) dialable(k *scheduler.Known) bool {
	if k.Dialing || p.view.LinkTo(k.Peer) != nil {
		return false
	}
	wait := retryAfter << min(max(k.Failures-1, 0), 5)
	return k.Failures == 0 || p.now >= k.FailedAt+min(wait, longestRetry)
}

// prune ends a link that carries nothing when nearly all ends are taken, so that newcomers find one. One a second.
func (p *policy) prune() {
	v := &p.view
	if len(v.Links) <= max(v.Stream.MaxLinks-nearlyFull, 1) || p.now < p.links.pruned+time.Second {
		return
	}
	for _, l := range v.Links { // the longest idle link goes: ids ascend with age
		busy := l.In(swarm.Eager)|l.In(swarm.Lazy)|l.Out(swarm.Eager)|l.Out(swarm.Lazy) != 0
		if busy || p.now < l.Since+idleFor {
			continue
		}
		p.links.pruned = p.now
		p.do(scheduler.Disconnect{Link: l.Link, Cause: swarm.ByeRewire})
		return
	}
}
