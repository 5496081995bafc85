package substream

import (
	"math/bits"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// How many hops everybody is from the source is decided by who sits near it. A place there belongs to those who feed many, and the
// source's few links to those who can.

// petition takes the seats that the source has for those who feed others, as many as this peer's uplink can make good use of.
func (p *policy) petition() {
	for _, l := range p.View.Links {
		if l.Role != swarm.Source {
			continue
		}
		held := l.In(swarm.Eager) & p.relays.mine
		open := l.Status.Open & p.View.All() &^ l.In(swarm.Eager)
		room := int(p.Uplink.Limit()/p.Uplink.Seat())/p.params.Fanout - bits.OnesCount64(held)
		if len(p.relays.since) == 0 || !p.relays.begun {
			return
		}
		if room <= 0 && p.Uplink.Carries() && p.Chance(p.relays.turn, 1<<20) < 0.1 {
			room = 1
		}
		set := uint64(0)
		for ; room > 0 && open != 0; room-- {
			k := p.draw(open)
			open &^= 1 << k
			if p.feeders.Avoided(l, k) || p.feeders.Loops(l, k) {
				room++
				continue
			}
			if p.relays.mine&(1<<k) == 0 {
				p.relays.mine |= 1 << k
				p.relays.since[k] = p.Now
			}
			set |= 1 << k
		}
		if set != 0 {
			p.feeders.Subscribe(l, set, swarm.Eager)
		}
	}
}

// draw picks one of a set by chance, one that this peer relays before others.
func (p *policy) draw(set uint64) int {
	if own := set & p.relays.mine; own != 0 {
		set = own
	}
	best, least := -1, 2.0
	for ; set != 0; set &= set - 1 {
		k := bits.TrailingZeros64(set)
		if c := p.Chance(p.relays.turn, uint64(k)); c < least {
			best, least = k, c
		}
	}
	return best
}

// rise asks for a place nearer to the source in one substream that many depend on, of a peer that has no room: whoever is
// there for itself alone yields it.
func (p *policy) rise() {
	best, at, most := (*scheduler.Link)(nil), 0, risen-1
	for k, to := range p.View.Pushes {
		if n, direct, _ := p.rank(k); direct || n != 1 || len(to) <= most {
			continue
		}
		for _, l := range p.View.Links {
			if p.lifts(l, k) && (best == nil || len(to) > most || hopsOf(l, k) < hopsOf(best, at)) {
				best, at, most = l, k, len(to)
			}
		}
	}
	if best != nil {
		p.feeders.Subscribe(best, 1<<at, swarm.Eager)
	}
}

// lifts reports whether following l would bring this peer nearer to the source in substream k, and it may be asked.
func (p *policy) lifts(l *scheduler.Link, k int) bool {
	h := hopsOf(l, k)
	switch {
	case l.Role == swarm.Source && !p.strong():
		return false
	case h == 0 || h+2 > p.depth[k].hops || l.In(swarm.Eager)&(1<<k) != 0:
		return false
	}
	return !p.feeders.Avoided(l, k) && !p.feeders.Loops(l, k)
}

// risen is how many others a peer must feed for its place to matter.
const risen = 3

// yield leaves the source's links to those who can do most with them, where it has none left: a peer that is not strong, and has no
// seat there, ends its link.
func (p *policy) yield() {
	v := &p.View
	if v.Stream.Role != swarm.Viewer || p.strong() || p.Now < p.Began+yieldAfter || len(v.Links) < yieldLinks {
		return
	}
	for _, l := range slices.Clone(v.Links) {
		if l.Role == swarm.Source && l.In(swarm.Eager) == 0 && int(l.Status.Links)+2 >= int(l.MaxLinks) {
			p.Do(scheduler.Disconnect{Link: l.Link, Cause: swarm.ByeRewire})
		}
	}
}

// aloof reports whether the source's links are left to others: there are too many for it.
func (p *policy) aloof() bool {
	v := &p.View
	if v.Stream.Role != swarm.Viewer || p.rooted != 0 || p.leads() {
		return false
	}
	others := len(v.Links)
	for i := 0; i < len(v.Known) && others <= crowd; i++ {
		if v.Known[i].Role != swarm.Source {
			others++
		}
	}
	return others > crowd
}

// leads reports whether none but one of the neighbours has shown a stronger uplink than this peer, which is strong.
func (p *policy) leads() bool {
	if !p.strong() || !p.View.Capacity.Shown && p.View.Capacity.Cap == 0 {
		return false
	}
	stronger := 0
	for _, l := range p.View.Links {
		if l.Role != swarm.Source && float64(l.Status.Uplink) > 1.25*float64(p.View.Capacity.Measured) {
			stronger++
		}
	}
	return stronger < 2
}

const (
	crowd      = 12              // peers known of, beyond which the source's links are left to those who lead
	yieldAfter = 2 * time.Second // of having been there
	yieldLinks = 8               // neighbours, so that the source can be done without
)

// strong reports whether this peer's uplink carries more than what it takes of others'.
func (p *policy) strong() bool { return p.Uplink.Limit() >= strongRates*p.Uplink.Rate() }

// strongRates is the uplink of a strong peer, in stream rates.
const strongRates = 1.25
