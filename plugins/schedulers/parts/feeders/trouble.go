package feeders

import (
	"math/bits"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

const (
	deniedFor = 400 * time.Millisecond // before the same neighbour is asked again
	loopFor   = 4 * time.Second        // before one is asked again that is fed from here
	fullFor   = time.Second            // before a source without seats is asked again
	silentFor = 5 * time.Second        // before a neighbour that fell silent is asked again
)

// Denied takes that a subscription was refused or ended.
func (f *Feeders) Denied(c scheduler.Feeding) {
	f.Avoid(c.Link, c.Substream, f.Desk.Now+f.wait(c))
	if l := f.Desk.View.Link(c.Link); l != nil && l.Role != swarm.Source && c.Reason == swarm.NoCapacity {
		f.full[c.Link] = f.Desk.Now + deniedFor/2
	}
}

// wait is how long not to ask again after a denial.
func (f *Feeders) wait(c scheduler.Feeding) time.Duration {
	l := f.Desk.View.Link(c.Link)
	d := deniedFor
	if l != nil && l.Role == swarm.Source {
		d = fullFor
	}
	if c.Reason == swarm.WouldLoop {
		d = loopFor
	}
	return d + time.Duration(f.Desk.Chance(uint64(c.Link), uint64(c.Substream))*float64(d)/2)
}

// Refused takes that a subscription was not carried out.
func (f *Feeders) Refused(a scheduler.Subscribe) {
	for k := range f.Desk.View.Stream.Substreams {
		if a.Substreams&(1<<k) != 0 {
			f.Avoid(a.Link, k, f.Desk.Now+deniedFor)
		}
	}
}

// Said takes notice of what a neighbour says of itself.
func (f *Feeders) Said(c scheduler.PeerStatus) {
	delete(f.asked, c.Link)
	if l := f.Desk.View.Link(c.Link); l != nil && f.Uplink.HasRoom(l) {
		delete(f.full, c.Link)
	}
}

// Drop ends a subscription; the link is avoided for k for so long.
func (f *Feeders) Drop(l *scheduler.Link, k int, avoid time.Duration) {
	if avoid > 0 {
		f.Avoid(l.Link, k, f.Desk.Now+avoid)
	}
	f.Subscribe(l, 1<<k, swarm.None)
}

// Silent replaces a feeder that has fallen silent, unless all have: then it is the stream that pauses.
func (f *Feeders) Silent(c scheduler.Silent) {
	l := f.Desk.View.Link(c.Link)
	if l == nil || c.Substream < 0 || c.Substream >= len(l.Feeds) || l.Feeds[c.Substream].Mode != swarm.Eager || f.paused() {
		return
	}
	if f.Credit != nil {
		f.Credit.Broke(l)
	}
	f.Drop(l, c.Substream, silentFor)
}

// Recall replaces the feeders that were silent while all were, and still are although others deliver: nobody tells of them again.
func (f *Feeders) Recall() {
	for _, l := range f.Desk.View.Links {
		for set := l.In(swarm.Eager); set != 0; set &= set - 1 {
			if k := bits.TrailingZeros64(set); l.Feeds[k].Silent > 0 {
				f.Silent(scheduler.Silent{Link: l.Link, Substream: k, For: l.Feeds[k].Silent})
			}
		}
	}
}

// paused reports whether no eager feeder delivers anything.
func (f *Feeders) paused() bool {
	feeders := 0
	for _, l := range f.Desk.View.Links {
		if l.In(swarm.Eager) == 0 {
			continue
		}
		feeders++
		for k := range l.Feeds {
			if from := &l.Feeds[k]; from.Mode == swarm.Eager && from.Flows {
				return false
			}
		}
	}
	return feeders > 1
}
