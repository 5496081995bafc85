package substream

import (
	"math/bits"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/seats"
)

const (
	scatter = 5 * time.Millisecond  // spreads the choice among equals
	gain    = 70 * time.Millisecond // how much better a new feeder must look by what it says
)

// feed subscribes eagerly where a substream has too few feeders.
func (p *policy) feed() {
	v := &p.View
	var places [64]uint64 // so that it is not allocated
	asks := places[:]     // by place in Links: substreams to ask for
	if len(v.Links) > len(asks) {
		asks = make([]uint64, len(v.Links))
	}
	asks = asks[:len(v.Links)]
	second := p.settled()
	for k := range v.Stream.Substreams {
		bit := uint64(1) << k
		if p.resting() && len(v.Pushes[k]) == 0 {
			continue
		}
		have, direct := p.feeders.Count(k)
		want := 1
		if second {
			want = p.most(k, direct)
		}
		for ; have < want; have++ {
			i := p.choose(k, choice{asks: asks, have: have})
			if i < 0 {
				break
			}
			asks[i] |= bit
			if v.Links[i].Role == swarm.Source {
				break // a seat at the source is enough
			}
		}
	}
	for i, set := range asks {
		if set != 0 {
			p.feeders.Subscribe(v.Links[i], set, swarm.Eager)
		}
	}
}

// starving counts the substreams that nobody has pushed to this peer for a while: none of its neighbours has room.
func (p *policy) starving() int { return bits.OnesCount64(p.unpushed()) }

// unpushed is the set of those.
func (p *policy) unpushed() (set uint64) {
	for k := range p.depth {
		if p.Now > max(p.depth[k].fed, p.Began, p.went)+starvedAfter {
			set |= 1 << k
		}
	}
	return set
}

// seeks is how many further neighbours are sought: few where the uplink carries no copy of a substream, for handshakes alone would
// fill it. What its owner asks for would wait behind them, and be asked for again.
func (p *policy) seeks() int {
	n := seekers * p.starving()
	if !p.Uplink.Carries() {
		n = min(n, poorSeeks)
	}
	return n
}

const (
	starvedAfter = 2 * time.Second // that nobody has pushed a substream
	seekers      = 2               // further neighbours that are sought for each such substream
	poorSeeks    = 4               // in all, by one whose uplink carries nothing
)

// choice is what a feeder is chosen by.
type choice struct {
	asks []uint64 // by place in Links: substreams about to be asked for
	have int      // feeders that there are already
}

// choose finds the best new feeder for substream k: its place in Links, or -1.
func (p *policy) choose(k int, c choice) int {
	best, least := -1, never
	for i := range p.View.Links {
		if score := p.score(i, k, c); score < least {
			best, least = i, score
		}
	}
	return best
}

// never is the score of a neighbour that is not to be asked.
const never = time.Duration(1 << 62)

// score says how good a feeder of substream k the neighbour at place i would be: the less the better, never for one that
// is not to be asked.
func (p *policy) score(i, k int, c choice) time.Duration {
	l, bit := p.View.Links[i], uint64(1)<<k
	switch {
	case (l.In(swarm.Eager)|c.asks[i])&bit != 0 || p.feeders.Loops(l, k) || !p.above(l, k):
		return never
	case p.View.Stream.Paused && l.Role != swarm.Source:
		return never
	case p.feeders.Avoided(l, k) || p.feeders.Full(l) && !p.supplies():
		return never
	case c.have > 0 && (l.Role == swarm.Source || !p.Uplink.Plenty(l)):
		return never // one feeder is there: another must take nothing from anybody
	}
	waited := c.have == 0 && p.Now >= max(p.feeders.Hungry(k), p.Began)+p.params.Grace
	if l.Role == swarm.Source { // its seats are for relays, and only as long as they are few
		if p.relays.mine&l.Status.Open&bit != 0 {
			return p.remoteness(l, k)
		}
		if waited || c.have == 0 && p.feeders.Alone() {
			return p.remoteness(l, k) + lastResort
		}
		return never
	}
	if !p.credit.Gives(l) {
		if !waited {
			return never
		}
		return p.remoteness(l, k) + unproved
	}
	switch {
	case l.Status.Open&bit != 0:
		return p.remoteness(l, k) + min(p.feeders.Burden(l, bits.OnesCount64(c.asks[i])), full)
	case waited: // it may have more room than it speaks of
		return p.remoteness(l, k) + time.Second
	}
	return never
}

// remoteness is the distance of l, and some chance among equals.
func (p *policy) remoteness(l *scheduler.Link, k int) time.Duration {
	return p.distance(l, k) + time.Duration(p.Chance(desk.Of(l.Peer), uint64(k))*float64(scatter))
}

const (
	lastResort = time.Hour              // of the source's seats
	unproved   = time.Minute            // of a neighbour of whose claims nothing has come
	full       = 300 * time.Millisecond // of a neighbour that makes room
)

// supplies reports whether this peer would feed several others if it were fed.
func (p *policy) supplies() bool { return p.Uplink.Spare() >= seats.Supplies*p.Uplink.Seat() }
