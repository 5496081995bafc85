package neighbours

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
)

// Neighbours is the memory of neighbour choice.
type Neighbours struct {
	Desk   *desk.Desk
	Want   int // links that are sought
	Source int // links that a source seeks which nobody dials

	Aloof   bool // no link to the source is sought
	Wanting bool // this peer lacks substreams, and its neighbours have no room: others take their place
	Scarce  bool // uplinks do not suffice for all, so that others will hardly have any either

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

// Meet connects to candidates and asks for more when there are too few.
func (n *Neighbours) Meet() {
	d := n.Desk
	v := &d.View
	want := min(n.Want, max(v.Stream.MaxLinks-nearlyFull, 1))
	if v.Stream.Role == swarm.Source {
		if d.Now < d.Began+sourceWaits {
			return // viewers dial
		}
		want = min(want, n.Source)
	}
	have, dialing := len(v.Links), 0
	for _, k := range v.Known {
		if k.Dialing {
			dialing++
		}
	}
	if v.Stream.Role != swarm.Source { // the source first, beyond the number sought if need be
		for _, k := range v.Known {
			if k.Role == swarm.Source && !n.Aloof && n.dialable(k) && d.Do(scheduler.Connect{Peer: k.Peer}) {
				dialing++
			}
		}
	}
	for have+dialing < want && dialing < mostDials {
		best := n.stranger()
		if best == nil || !d.Do(scheduler.Connect{Peer: best.Peer}) {
			break
		}
		dialing++
	}
	switch {
	case have+dialing >= want:
		n.wait = 0
	case d.Now >= n.next && d.Do(scheduler.Introduce{Count: want - have - dialing}):
		n.wait = min(max(2*n.wait, firstWait), longestWait)
		n.next = d.Now + n.wait
	}
}

// Refused takes notice that an Introduce was not carried out: the next one comes later.
func (n *Neighbours) Refused() { n.next = max(n.next, n.Desk.Now+firstWait) }

// stranger is the candidate to link to next, at random. Every peer draws by its own seed.
func (n *Neighbours) stranger() *scheduler.Known {
	var best *scheduler.Known
	least := 2.0
	for _, k := range n.Desk.View.Known {
		if !n.dialable(k) || n.Desk.View.Stream.Role == swarm.Source && k.Role == swarm.Source {
			continue
		}
		if c := n.Desk.Chance(desk.Of(k.Peer), uint64(k.Failures)); c < least {
			best, least = k, c
		}
	}
	return best
}

func (n *Neighbours) dialable(k *scheduler.Known) bool {
	if k.Dialing || n.Desk.View.LinkTo(k.Peer) != nil {
		return false
	}
	wait := retryAfter << min(max(k.Failures-1, 0), 5)
	return k.Failures == 0 || n.Desk.Now >= k.FailedAt+min(wait, longestRetry)
}

// serves reports whether a link is of use: it carries something, or, where this peer is wanting, may do so soon.
func (n *Neighbours) serves(l *scheduler.Link) bool {
	if n.Wanting {
		return l.In(swarm.Eager)|l.Out(swarm.Eager)|l.Status.Open != 0 || l.Role == swarm.Source
	}
	return l.In(swarm.Eager)|l.In(swarm.Lazy)|l.Out(swarm.Eager)|l.Out(swarm.Lazy) != 0
}

// Prune ends a link that carries nothing when nearly all ends are taken, so that newcomers find one. One a second, four where
// this peer is wanting and uplinks suffice.
func (n *Neighbours) Prune() {
	d := n.Desk
	v := &d.View
	every, idle := time.Second, idleFor
	if v.Stream.Role == swarm.Source { // its links are wanted by all
		every, idle = every/4, idle/5
	}
	most := v.Stream.MaxLinks - nearlyFull
	if n.Wanting {
		idle, most = idle*2/5, min(n.Want, most)-1 // there is always somebody to be met
		if !n.Scarce {                             // where others have no more room, a handshake is for nothing
			every /= 4
		}
	}
	if len(v.Links) <= max(most, 1) || d.Now < n.pruned+every {
		return
	}
	for _, l := range v.Links { // the longest idle link goes: ids ascend with age
		if n.serves(l) || d.Now < l.Since+idle {
			continue
		}
		n.pruned = d.Now
		d.Do(scheduler.Disconnect{Link: l.Link, Cause: swarm.ByeRewire})
		return
	}
}
