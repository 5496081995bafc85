package substream

import (
	"math/bits"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/feeders"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/seats"
)

const (
	scatter = 5 * time.Millisecond  // spreads the choice among equals
	gain    = 25 * time.Millisecond // how much better a new feeder must look by what it says
)

// feed subscribes eagerly where a substream has too few feeders.
func (p *policy) feed() {
	v := &p.View
	seen := p.count()
	asks := make([]uint64, len(v.Links)) // by place in Links: substreams to ask for
	for k := range v.Stream.Substreams {
		bit := uint64(1) << k
		have, direct := p.feeders.Count(k)
		for want := p.wanted(k, direct); have < want; have++ {
			i := p.choose(k, choice{asks: asks, have: have, relays: seen[k]})
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

// choice is what a feeder is chosen by.
type choice struct {
	asks   []uint64 // by place in Links: substreams about to be asked for
	have   int      // feeders that there are already
	relays int      // neighbours that relay the substream
}

// choose finds the best new feeder for substream k: its place in Links, or -1.
func (p *policy) choose(k int, c choice) int {
	asks, have := c.asks, c.have
	best, least := -1, time.Duration(1<<62)
	bit := uint64(1) << k
	desperate := have == 0 && (p.feeders.Alone() || p.Now >= max(p.feeders.Hungry(k), p.Began)+p.params.Grace)
	for i, l := range p.View.Links {
		if (l.In(swarm.Eager)|asks[i])&bit != 0 || p.feeders.Avoided(l, k) || p.feeders.Full(l) || p.feeders.Loops(l, k) {
			continue
		}
		var score time.Duration
		switch {
		case l.Role == swarm.Source:
			if p.relays.mine&bit == 0 {
				if !desperate {
					continue
				}
				score = time.Hour // the source's seats are for relays
			} else if c.relays >= p.params.Copies {
				if !desperate {
					continue // others have them
				}
				score = time.Hour
			}
			if have > 0 { // and one feeder is there: the seat is worth having only while relays are few
				continue
			}
		case seats.Relays(l, k) && have > 0 && !p.Uplink.Plenty(l):
			continue
		case seats.Relays(l, k):
			score = p.feeders.Distance(l) + p.feeders.Burden(l, bits.OnesCount64(asks[i]))
			if score >= feeders.FullCost && !desperate {
				continue
			}
		case desperate && l.Status.Playing != 0 && p.Uplink.HasRoom(l) && (p.feeders.Has(l, k) || p.Now >= p.feeders.Hungry(k)+blindAfter):
			score = 2*time.Hour + p.feeders.Distance(l) + p.feeders.Burden(l, bits.OnesCount64(asks[i]))
		default:
			continue
		}
		score += time.Duration(p.Chance(desk.Of(l.Peer), uint64(k)) * float64(scatter))
		if score < least {
			best, least = i, score
		}
	}
	return best
}

// blindAfter is how long a substream must have been missed until anybody is asked for it who plays.
const blindAfter = time.Second
