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
	p.petition()
	p.rise()
	swaps := 0
	asks := make([]uint64, len(p.View.Links))
	start := int(p.relays.turn % uint64(p.View.Stream.Substreams)) // so that all have their turn
	for i := range p.View.Stream.Substreams {
		k := (start + i) % p.View.Stream.Substreams
		n, direct, worst := p.rank(k)
		switch {
		case n == 0:
		case n > 1 && worst.Role != swarm.Source && !p.Uplink.HasRoom(worst) && p.relieved(k, worst):
			p.feeders.Drop(worst, k, 0) // others need the seat more
		case n > p.most(k, direct):
			// The last that flows stays, whatever was promised by another.
			if p.relieved(k, worst) || !worst.Feeds[k].Flows && p.Now >= worst.Feeds[k].Since+rivalFor {
				p.feeders.Drop(worst, k, 0)
			}
		case n >= p.wanted(k, direct) && swaps < mostSwaps && p.mayGo(worst, k):
			if i := p.choose(k, choice{asks: asks}); i >= 0 && p.better(p.View.Links[i], worst, k) {
				swaps++
				p.feeders.Subscribe(p.View.Links[i], 1<<k, swarm.Eager)
			}
		}
	}
}

// petition asks the source for seats for own substreams, in case one has become free: where fewer relays are seen than
// it has seats.
func (p *policy) petition() {
	var seen []int
	for _, l := range p.View.Links {
		if l.Role != swarm.Source {
			continue
		}
		if seen == nil {
			seen = p.count()
		}
		set := p.relays.mine &^ l.In(swarm.Eager)
		for k := range seen {
			if seen[k] >= p.params.Copies || p.feeders.Avoided(l, k) || p.feeders.Loops(l, k) {
				set &^= 1 << k
			}
		}
		if set != 0 {
			p.feeders.Subscribe(l, set, swarm.Eager)
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
	return l.Role != swarm.Source || p.relays.mine&(1<<k) == 0 || !p.strong() // a strong relay's seat at the source is as good as it gets
}

// better reports whether a is so much nearer to the source than b in substream k, or so much less busy, that it is worth the change.
func (p *policy) better(a, b *scheduler.Link, k int) bool {
	if a.Role == swarm.Source {
		return p.relays.mine&(1<<k) != 0
	}
	if !p.Uplink.HasRoom(a) {
		return false
	}
	if b.Role == swarm.Source && p.relays.mine&(1<<k) != 0 { // a stronger one has come between
		return hopsOf(a, k) == 2 && float64(a.Status.Uplink) >= seats.Outdo*float64(p.View.Capacity.Measured)
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
