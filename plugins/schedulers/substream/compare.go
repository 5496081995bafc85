package substream

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/feeders"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/seats"
)

const (
	mostSwaps    = 1               // feeders that get a rival at one comparison
	settleFor    = 3 * time.Second // before a feeder is compared
	rivalFor     = time.Second     // that a rival has to show itself
	fewSamples   = 3
	settledAfter = 2 * time.Second // that every substream has had a feeder, until any gets a second one
)

// compare looks at the feeders of each substream, every Rewire: those beyond the number wanted go, the latest first,
// and one that is late gets a rival.
func (p *policy) compare() {
	if p.Now < p.compared+p.params.Rewire {
		return
	}
	p.compared = p.Now
	if p.starving() == 0 {
		p.rise()
	}
	swaps := 0
	asks := make([]uint64, len(p.View.Links))
	start := int(p.relays.turn % uint64(p.View.Stream.Substreams)) // so that all have their turn
	for i := range p.View.Stream.Substreams {
		k := (start + i) % p.View.Stream.Substreams
		n, direct, worst := p.rank(k)
		switch {
		case n == 0:
		case n > 1 && !worst.Feeds[k].Flows && p.Now < worst.Feeds[k].Since+rivalFor: // it was only just asked
		case n > 1 && worst.Role != swarm.Source && !p.Uplink.HasRoom(worst) && p.relieved(k, worst):
			p.feeders.Drop(worst, k, 0) // others need the seat more
		case n > p.most(k, direct):
			// The last that flows stays, whatever was promised by another.
			if p.relieved(k, worst) || !worst.Feeds[k].Flows && p.Now >= worst.Feeds[k].Since+rivalFor {
				p.feeders.Drop(worst, k, 0)
			}
		case n >= p.wanted(k, direct) && swaps < mostSwaps && p.mayGo(worst, k):
			if l := p.rival(k, worst, asks); l != nil {
				swaps++
				p.feeders.Subscribe(l, 1<<k, swarm.Eager)
			}
		}
	}
}

// wanted is how many eager feeders substream k should have: a second one only once every substream has had one for a while.
func (p *policy) wanted(k int, direct bool) int {
	if !p.settled() {
		return 1
	}
	return p.most(k, direct)
}

// most is how many eager feeders substream k may keep.
func (p *policy) most(k int, direct bool) int { //nolint:revive // direct is a fact about k that the caller has at hand
	if p.relays.mine&(1<<k) != 0 && !direct {
		return p.params.Feeders
	}
	return 1
}

// rank counts the eager feeders of k and finds the worst. A viewer that is no relay gives its seat at the source back first.
func (p *policy) rank(k int) (n int, direct bool, worst *scheduler.Link) {
	bit := uint64(1) << k
	for _, l := range p.View.Links {
		if l.In(swarm.Eager)&bit == 0 {
			continue
		}
		n++
		direct = direct || l.Role == swarm.Source
		if worst == nil || p.worse(l, worst, k) {
			worst = l
		}
	}
	return n, direct, worst
}

// worse orders two feeders of k.
func (p *policy) worse(a, b *scheduler.Link, k int) bool {
	if sa, sb := a.Role == swarm.Source, b.Role == swarm.Source; sa != sb {
		return sa == (p.relays.mine&(1<<k) == 0)
	}
	fa, fb := &a.Feeds[k], &b.Feeds[k]
	if fa.Outbid != fb.Outbid {
		return fa.Outbid
	}
	if fa.Flows != fb.Flows {
		return fb.Flows
	}
	if (fa.Samples == 0) != (fb.Samples == 0) {
		return fa.Samples == 0
	}
	if fa.Lateness != fb.Lateness {
		return fa.Lateness > fb.Lateness
	}
	return p.feeders.Distance(a) > p.feeders.Distance(b)
}

// depart leaves those who have given the seat to others, where another feeder has shown that it delivers.
func (p *policy) depart() {
	for _, l := range p.View.Links {
		for k := range l.Feeds {
			if l.Feeds[k].Outbid && l.Feeds[k].Mode == swarm.Eager && p.relieved(k, l) {
				p.feeders.Drop(l, k, avoidAfter)
			}
		}
	}
}

// avoidAfter is how long one is not asked again that gave the seat to another.
const avoidAfter = time.Second

// relieved reports whether another feeder of k than l has shown that it delivers.
func (p *policy) relieved(k int, l *scheduler.Link) bool {
	for _, o := range p.View.Links {
		if f := &o.Feeds[k]; o != l && f.Mode == swarm.Eager && f.Flows && f.Samples >= fewSamples {
			return true
		}
	}
	return false
}

// mayGo reports whether a feeder of k has had its time, and is compared with others.
func (p *policy) mayGo(l *scheduler.Link, k int) bool {
	if p.Now < l.Feeds[k].Since+settleFor {
		return false
	}
	return l.Role != swarm.Source || p.relays.mine&(1<<k) == 0 // a relay's seat at the source is as good as it gets
}

// rival finds the nearest to the source of those that are worth a change from worst; nil for none.
func (p *policy) rival(k int, worst *scheduler.Link, asks []uint64) (best *scheduler.Link) {
	least := never
	for i, l := range p.View.Links {
		if p.score(i, k, choice{asks: asks}) == never || !p.better(l, worst, k) {
			continue
		}
		if d := p.distance(l, k); d < least {
			best, least = l, d
		}
	}
	return best
}

// better reports whether a is so much nearer to the source than b in substream k, or so much less busy, that it is worth the change.
func (p *policy) better(a, b *scheduler.Link, k int) bool {
	if a.Role == swarm.Source {
		return p.relays.mine&(1<<k) != 0
	}
	if a.Status.Open&(1<<k) == 0 || !p.Uplink.HasRoom(a) && (p.Seats.Scarce() || p.distance(a, k) > p.distance(b, k)-2*perHop) {
		return false // what room is left is for those in want
	}
	if b.Role == swarm.Source { // what it has to spare, nobody else is in want of
		return float64(b.Status.Spare) < seats.Supplies*p.Uplink.Seat()
	}
	fb := &b.Feeds[k]
	worth := p.distance(a, k) + gain
	if fb.Samples >= fewSamples && p.Now < fb.SampleAt+feeders.Fresh && fb.Lateness > p.params.Lateness {
		worth -= fb.Lateness
	}
	return worth < p.distance(b, k)
}

// settled reports whether every substream has had a feeder for a while.
func (p *policy) settled() bool {
	if p.feeders.Flowing() != p.View.All() {
		p.unsettled = p.Now
	}
	return p.Now >= p.unsettled+settledAfter
}
