package substream

import (
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// How many hops everybody is from the source is decided by who sits near it. A place there belongs to those who feed many, and the
// source's few links to those who can.

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
	case h == 0 || h+2 > p.depth[k] || l.In(swarm.Eager)&(1<<k) != 0:
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
	p.Links.Aloof = false
	if v.Stream.Role != swarm.Viewer || p.strong() || p.Now < p.Began+yieldAfter || len(v.Links) < yieldLinks {
		return
	}
	p.Links.Aloof = true
	for _, l := range slices.Clone(v.Links) {
		if l.Role == swarm.Source && l.In(swarm.Eager) == 0 && int(l.Status.Links)+2 >= int(l.MaxLinks) {
			p.Do(scheduler.Disconnect{Link: l.Link, Cause: swarm.ByeRewire})
		}
	}
}

const (
	yieldAfter = 2 * time.Second // of having been there
	yieldLinks = 8               // neighbours, so that the source can be done without
)

// strong reports whether this peer's uplink carries more than what it takes of others'.
func (p *policy) strong() bool { return p.Uplink.Limit() >= strongRates*p.Uplink.Rate() }

// strongRates is the uplink of a strong peer, in stream rates.
const strongRates = 1.25
