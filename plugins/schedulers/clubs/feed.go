package clubs

import (
	"math/bits"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/feeders"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/seats"
)

const (
	mix        = 100 * time.Millisecond // by which the choice of mates is spread: a club is a random graph, not a tree of the quick
	scatter    = 5 * time.Millisecond   // likewise of the member that feeds one who is none
	blindAfter = time.Second            // how long a substream must have been missed until anybody is asked for it who plays
	tidyEvery  = time.Second
	provenFor  = time.Second // that a feeder has had until it may be dropped for not having delivered
)

// wanted is how many eager feeders substream k should have: Mates in a club of one's own, one elsewhere.
func (p *policy) wanted(k int) int {
	if p.joined&(1<<k) != 0 {
		return p.params.Mates
	}
	return 1
}

// feed subscribes eagerly where a substream has too few feeders.
func (p *policy) feed() {
	links := p.View.Links
	asks := make([]uint64, len(links)) // by place in Links: substreams to ask for
	for k := range p.View.Stream.Substreams {
		have, direct := p.feeders.Count(k)
		for want := p.wanted(k); have < want; have++ {
			i := p.choose(k, choice{asks: asks, have: have, direct: direct})
			if i < 0 {
				break
			}
			asks[i] |= 1 << k
			direct = direct || links[i].Role == swarm.Source
		}
	}
	for i, set := range asks {
		if set != 0 {
			p.feeders.Subscribe(links[i], set, swarm.Eager)
		}
	}
}

// choice is what a feeder is chosen by.
type choice struct {
	asks   []uint64 // by place in Links: substreams about to be asked for
	have   int      // feeders that there are already
	direct bool     // the source is one of them
}

// choose finds the best new feeder for substream k: its place in Links, or -1.
func (p *policy) choose(k int, c choice) int {
	best, least := -1, time.Duration(1<<62)
	for i, l := range p.View.Links {
		if (l.In(swarm.Eager)|c.asks[i])&(1<<k) != 0 || p.feeders.Avoided(l, k) || p.feeders.Full(l) {
			continue
		}
		score, ok := p.score(l, k, c)
		if !ok {
			continue
		}
		score += p.feeders.Burden(l, bits.OnesCount64(c.asks[i]))
		if score < least {
			best, least = i, score
		}
	}
	return best
}

// score is how far a neighbour is from being the best to feed substream k here; false when it is none to ask.
func (p *policy) score(l *scheduler.Link, k int, c choice) (time.Duration, bool) {
	mine := p.joined&(1<<k) != 0
	hungry := max(p.feeders.Hungry(k), p.Began)
	desperate := c.have == 0 && (p.feeders.Alone() || p.Now >= hungry+p.params.Grace)
	chance := p.Chance(desk.Of(l.Peer), uint64(k))
	switch {
	case l.Role == swarm.Source && mine && !c.direct && c.have < p.params.Mates:
		return 0, true // the source is a member of every club
	case l.Role == swarm.Source:
		return 2 * feeders.FullCost, desperate
	case mine && seats.Relays(l, k): // mates feed one another: who has a chunk first sends it
		return time.Duration(chance * float64(mix)), c.have == 0 && p.Uplink.HasRoom(l) || p.Uplink.Plenty(l)
	case p.feeders.Loops(l, k):
		return 0, false
	case seats.Relays(l, k):
		return p.feeders.Distance(l) + time.Duration(chance*float64(scatter)), desperate || p.Uplink.HasRoom(l)
	}
	blind := p.feeders.Has(l, k) || p.Now >= hungry+blindAfter
	return 3*feeders.FullCost + p.feeders.Distance(l), desperate && blind && l.Status.Playing != 0 && p.Uplink.HasRoom(l)
}

// tidy ends what is more than wanted, once others have shown that they deliver: a seat at the source that a member of the
// club could give, and what was asked for before this peer knew its clubs.
func (p *policy) tidy() {
	if p.Now < p.tidied+tidyEvery {
		return
	}
	p.tidied = p.Now
	for k := range p.View.Stream.Substreams {
		have, direct := p.feeders.Count(k)
		mine := p.joined&(1<<k) != 0
		if have == 0 {
			continue
		}
		worst := p.worst(k)
		switch {
		case have > 1 && worst.Role != swarm.Source && !p.Uplink.HasRoom(worst) && p.proven(k, worst):
			p.feeders.Drop(worst, k, 0) // others need the seat more
		case have > p.wanted(k) && (p.proven(k, worst) || !worst.Feeds[k].Flows && p.Now >= worst.Feeds[k].Since+provenFor):
			p.feeders.Drop(worst, k, 0)
		case have == 1 && direct && !mine: // the source fed it for want of a member
			if i := p.choose(k, choice{asks: make([]uint64, len(p.View.Links)), have: 1, direct: true}); i >= 0 {
				p.feeders.Subscribe(p.View.Links[i], 1<<k, swarm.Eager)
			}
		}
	}
}

// worst is the feeder of k to do without: the source first where this peer is no member, then who delivers nothing, then
// who comes last.
func (p *policy) worst(k int) *scheduler.Link {
	var worst *scheduler.Link
	for _, l := range p.View.Links {
		if l.In(swarm.Eager)&(1<<k) != 0 && (worst == nil || p.worse(l, worst, k)) {
			worst = l
		}
	}
	return worst
}

func (p *policy) worse(a, b *scheduler.Link, k int) bool {
	if sa, sb := a.Role == swarm.Source, b.Role == swarm.Source; sa != sb {
		return sa == (p.joined&(1<<k) == 0)
	}
	fa, fb := &a.Feeds[k], &b.Feeds[k]
	if fa.Flows != fb.Flows {
		return fb.Flows
	}
	return fa.Lateness > fb.Lateness
}

// proven reports whether another feeder of k than l has lately delivered.
func (p *policy) proven(k int, l *scheduler.Link) bool {
	for _, o := range p.View.Links {
		if f := &o.Feeds[k]; o != l && f.Mode == swarm.Eager && f.Flows && f.Samples > 0 && p.Now < f.SampleAt+feeders.Fresh {
			return true
		}
	}
	return false
}
