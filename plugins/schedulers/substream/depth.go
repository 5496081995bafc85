package substream

import (
	"cmp"
	"math/bits"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/seats"
)

// A peer is one hop further from the source than its nearest feeder, in each substream by itself, and says so. Whoever
// has children follows nobody who is further than itself: no circle can close, but by word that is out of date, and in
// one that does the hops count up until nobody in it counts as reached.

const (
	perHop    = 50 * time.Millisecond  // that a hop takes: half a usual round trip, and the queue of an uplink
	guestCost = 80 * time.Millisecond  // by which a relay of the substream is preferred to another who has it
	lostFor   = 600 * time.Millisecond // that a feeder may be cut off before another one is sought
)

// distance is how late chunks of substream k are at l, as far as its place tells.
func (p *policy) distance(l *scheduler.Link, k int) time.Duration {
	hops := hopsOf(l, k)
	if hops == 0 {
		hops = swarm.MostHops
	}
	d := time.Duration(hops)*perHop + l.RTT/2
	if l.Role != swarm.Source && !seats.Relays(l, k) {
		d += guestCost
	}
	return d
}

// hopsOf is how many hops l is from the source in substream k; 0 when it is not reached.
func hopsOf(l *scheduler.Link, k int) int {
	if l.Role == swarm.Source {
		return 1
	}
	return l.Status.Hops.At(k)
}

// above reports whether l may feed this peer: substream k reaches it, and not by way of this peer. Who is about to lose its
// seat may go one hop farther: those who are there by way of this peer are its own children, which are not asked.
func (p *policy) above(l *scheduler.Link, k int) bool {
	hops := hopsOf(l, k)
	if hops == 0 || len(p.View.Pushes[k]) == 0 || p.depth[k].lately == 0 {
		return hops > 0
	}
	return hops <= p.depth[k].lately || hops == p.depth[k].hops+1 && p.outbid(k)
}

// outbid reports whether all who push substream k to this peer give its seats to others.
func (p *policy) outbid(k int) bool {
	fed := false
	for _, l := range p.View.Links {
		if f := &l.Feeds[k]; f.Mode == swarm.Eager && f.Flows {
			if !f.Outbid {
				return false
			}
			fed = true
		}
	}
	return fed
}

// depth is how far a peer is from the source in a substream, as last known; 0 for never.
type depth struct {
	hops   int
	lately int           // the least of the last while: those whom it feeds may not know yet that it is farther now
	at     time.Duration // when it was no farther than that
	fed    time.Duration // when somebody last pushed it to this peer
}

// is takes notice of how far this peer is now.
func (d *depth) is(hops int, now time.Duration) {
	d.hops, d.fed = hops, now
	if d.lately == 0 || hops <= d.lately || now > d.at+toldBy {
		d.lately, d.at = hops, now
	}
}

// toldBy is how long it takes until all those below know how far they are.
const toldBy = 2 * time.Second

// deepen has room for each substream.
func (p *policy) deepen() {
	if len(p.depth) != p.View.Stream.Substreams {
		p.depth = make([]depth, p.View.Stream.Substreams)
	}
}

// descend keeps in mind how far this peer is from the source, and leaves feeders that have been cut off.
func (p *policy) descend() {
	var nearest [chunk.MaxSubstreams]int
	var lost []cut
	for _, l := range p.View.Links {
		for set := l.In(swarm.Eager) & p.View.All(); set != 0; set &= set - 1 {
			k := bits.TrailingZeros64(set)
			if !l.Feeds[k].Flows {
				continue
			}
			switch hops := hopsOf(l, k); {
			case hops == 0 && p.Now > max(l.Feeds[k].Since, l.StatusAt)+lostFor && !p.wentOn():
				lost = append(lost, cut{l, k})
			case hops > 0 && (nearest[k] == 0 || hops < nearest[k]):
				nearest[k] = hops
			}
		}
	}
	for k := range p.depth {
		if nearest[k] > 0 {
			p.depth[k].is(nearest[k]+1, p.Now)
		}
	}
	slices.SortStableFunc(lost, func(a, b cut) int { return cmp.Compare(a.k, b.k) })
	for _, c := range lost {
		p.feeders.Drop(c.link, c.k, lostFor)
	}
}

// cut is a feeder that has been cut off in a substream.
type cut struct {
	link *scheduler.Link
	k    int
}

// feeding is the set of substreams that this peer has children in.
func (p *policy) feeding() (set uint64) {
	for k, to := range p.View.Pushes {
		if len(to) > 0 {
			set |= 1 << k
		}
	}
	return set
}
