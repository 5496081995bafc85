package substream

import (
	"math/bits"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// relays is the memory of responsibility.
type relays struct {
	mine  uint64          // bit k: this peer relays substream k
	since []time.Duration // by substream: when it was claimed
	begun bool
	turn  uint64 // counts the rounds, so that each draws anew
}

const (
	// lookAround is how long a joiner waits for neighbours at the most, until it chooses what to relay.
	lookAround = 100 * time.Millisecond
	// acquainted is how many neighbours are enough for that.
	acquainted = 4
	// crowded is how many times the substreams that its seats suffice for a peer relays at the most where relays are missing.
	crowded = 2
	// holdFor is how long a substream is relayed at the least, so that peers do not swap roles in circles.
	holdFor = 3 * time.Second
)

// adopt takes responsibility for what the orders of a snapshot say that this peer pushes.
func (p *policy) adopt() {
	p.relays.since = make([]time.Duration, p.View.Stream.Substreams)
	p.feeders.Reset()
	p.compared = p.Now
	for k, to := range p.View.Pushes {
		if len(to) > 0 {
			p.relays.mine |= 1 << k
			p.relays.since[k] = p.Now
			p.relays.begun = true
		}
	}
}

// claim adjusts which substreams this peer relays, at every tick.
func (p *policy) claim() {
	r := &p.relays
	if len(r.since) != p.View.Stream.Substreams { // a new epoch with other substreams
		r.mine, r.begun = 0, false
		p.adopt()
	}
	if !p.Uplink.Carries() {
		if p.Uplink.Committed() == 0 {
			r.mine = 0
		}
		return
	}
	r.turn++
	seats := int(p.Uplink.Limit() / p.Uplink.Seat())
	viewers := 0
	for _, l := range p.View.Links {
		if l.Role != swarm.Source {
			viewers++
		}
	}
	if !r.begun && (len(p.View.Links) == 0 || viewers < acquainted && p.Now < p.Began+lookAround) {
		return // the first substreams are chosen in the light of the neighbours'
	}
	supply := p.supply()
	fair := max(p.View.Stream.Substreams/p.params.Fanout, 1) // what each relays where all are alike
	least := min(max(seats/p.params.Fanout, 1), fair)
	for bits.OnesCount64(r.mine) < least && p.take(supply) {
		r.begun = true
	}
	for k, n := range supply {
		bit := uint64(1) << k
		missing := p.params.Coverage - n
		switch {
		case r.mine&bit == 0 && missing > 0 && bits.OnesCount64(r.mine) < max(crowded*seats/p.params.Fanout, 1):
			// Of those who see that relays are missing, about as many should come forward as are missing.
			if p.Chance(r.turn, uint64(k)) < 1.5*float64(missing)/float64(viewers+1) {
				r.mine |= bit
				r.since[k] = p.Now
			}
		case r.mine&bit != 0 && missing <= 0 && p.dispensable(k) && bits.OnesCount64(r.mine) > least:
			// Likewise of those who see too many. Children are served on; newcomers go elsewhere.
			if p.Chance(r.turn, uint64(k)) < 0.3*float64(1-missing)/float64(n+1) {
				r.mine &^= bit
			}
		}
	}
}

// take claims the substream with the least supply, by chance among equals.
func (p *policy) take(supply []int) bool {
	best, least := -1, 0.0
	for k, n := range supply {
		if p.relays.mine&(1<<k) != 0 {
			continue
		}
		if c := float64(n) + p.Chance(0, uint64(k)); best < 0 || c < least {
			best, least = k, c
		}
	}
	if best < 0 {
		return false
	}
	p.relays.mine |= 1 << best
	p.relays.since[best] = p.Now
	return true
}

// supply counts, by substream, the neighbours that relay it and have room or serve this peer.
func (p *policy) supply() []int {
	n := make([]int, p.View.Stream.Substreams)
	for _, l := range p.View.Links {
		if l.Role == swarm.Source {
			continue
		}
		set := l.Status.Relays
		if !p.Uplink.HasRoom(l) {
			set &= l.In(swarm.Eager)
		}
		for set &= p.View.All(); set != 0; set &= set - 1 {
			n[bits.TrailingZeros64(set)]++
		}
	}
	return n
}

// dispensable reports whether this peer may stop being a relay of k: it has been one for a while, and has no seat at
// the source.
func (p *policy) dispensable(k int) bool {
	if p.Now < p.relays.since[k]+holdFor {
		return false
	}
	for _, l := range p.View.Links {
		if l.Role == swarm.Source && l.In(swarm.Eager)&(1<<k) != 0 {
			return false
		}
	}
	return true
}
