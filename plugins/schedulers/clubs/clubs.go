package clubs

import (
	"math/bits"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

const (
	// lookAround is how long a joiner waits for neighbours at the most, until it chooses its clubs.
	lookAround = 500 * time.Millisecond
	// acquainted is how many neighbours are enough for that.
	acquainted = 6
)

// club is the set of substreams that a club gets.
func (p *policy) club(c int) uint64 {
	var set uint64
	for k := c; k < p.View.Stream.Substreams; k += p.clubs() {
		set |= 1 << k
	}
	return set
}

// clubs is how many clubs there are: no more than substreams.
func (p *policy) clubs() int { return min(p.params.Clubs, p.View.Stream.Substreams) }

// join chooses the clubs that this peer is a member of, once: those whose members among its neighbours have the least left of
// their uplinks, by chance among equals: a club is as strong as its members. Who has not the uplink for one copy of what a club gets joins none; who had, and was found not to
// have it, leaves when nobody is left whom it feeds.
func (p *policy) join() {
	one := float64(bits.OnesCount64(p.club(0))) * p.Uplink.Seat()
	if p.Uplink.Limit() < one {
		if p.Uplink.Committed() == 0 {
			p.joined, p.member = 0, false
		}
		return
	}
	if p.member || len(p.View.Links) == 0 {
		return
	}
	members, viewers := p.members()
	if viewers < min(acquainted, p.known()) && p.Now < p.Began+lookAround {
		return
	}
	p.member = true
	for range min(p.params.Join, p.clubs()) {
		best, least := -1, 0.0
		for c, n := range members {
			if p.joined&p.club(c) != 0 {
				continue
			}
			if score := n + p.Chance(0, uint64(c)); best < 0 || score < least {
				best, least = c, score
			}
		}
		p.joined |= p.club(best)
	}
}

// known is how many peers there are to get acquainted with.
func (p *policy) known() int {
	n := 0
	for _, k := range p.View.Known {
		if k.Role != swarm.Source && k.Failures == 0 {
			n++
		}
	}
	return n
}

// members sums up, by club, what its members among the neighbours have left, in stream rates, and a little for each; and counts
// all neighbours but the source.
func (p *policy) members() (members []float64, viewers int) {
	members = make([]float64, p.clubs())
	for _, l := range p.View.Links {
		if l.Role == swarm.Source {
			continue
		}
		viewers++
		for c := range members {
			if l.Status.Relays&p.club(c) != 0 {
				members[c] += 0.5 + min(float64(l.Status.Spare)/p.Uplink.Rate(), 4)
			}
		}
	}
	return members, viewers
}
