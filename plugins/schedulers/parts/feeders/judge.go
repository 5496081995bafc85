package feeders

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

const (
	unknown  = 20 * time.Millisecond
	loadCost = 150 * time.Millisecond // what a neighbour without room is worse by than one with a stream rate to spare
	freshFor = 10 * time.Second       // how long a neighbour's word on its delay counts
)

// FullCost is the burden of a neighbour that has no room by what it says.
const FullCost = 10 * time.Minute

// Fresh is how long what was measured of a neighbour counts.
const Fresh = 2 * time.Second

// Alone reports whether nobody but the source is known.
func (f *Feeders) Alone() bool {
	for _, k := range f.Desk.View.Known {
		if k.Role != swarm.Source {
			return false
		}
	}
	for _, l := range f.Desk.View.Links {
		if l.Role != swarm.Source {
			return false
		}
	}
	return true
}

// Has reports whether l has lately shown that substream k reaches it.
func (f *Feeders) Has(l *scheduler.Link, k int) bool {
	from := &l.Feeds[k]
	return from.Samples > 0 && f.Desk.Now < from.SampleAt+Fresh
}

// Loops reports whether l gets substream k from this peer. Two relays may feed one another: what one of them holds
// is not sent to it.
func (f *Feeders) Loops(l *scheduler.Link, k int) bool {
	return l.Out(swarm.Eager)&(1<<k) != 0
}

// Distance is how far l is from the source, seen from here.
func (f *Feeders) Distance(l *scheduler.Link) time.Duration {
	d := l.RTT / 2
	if l.RTT == 0 {
		d = unknown
	}
	if l.Role == swarm.Source {
		return d
	}
	if l.Status.Playing == 0 || f.Desk.Now > l.StatusAt+freshFor && l.Status.Delay == 0 {
		return d + unknown
	}
	return d + time.Duration(l.Status.Delay)*time.Millisecond
}

// Burden makes a neighbour worse the less room it has, more seats being about to be asked of it.
func (f *Feeders) Burden(l *scheduler.Link, more int) time.Duration {
	left := (float64(l.Status.Spare) - float64(more+f.asked[l.Link]+1)*f.Uplink.Seat()) / f.Uplink.Rate()
	if left < 0 {
		return FullCost
	}
	return time.Duration(float64(loadCost) * (1 - min(left, 1)))
}
