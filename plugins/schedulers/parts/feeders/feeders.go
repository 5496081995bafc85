package feeders

import (
	"math/bits"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/credit"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/uplink"
)

// Feeders is the memory of a peer's subscriptions, by substream and by link. Reset makes it ready.
type Feeders struct {
	Desk   *desk.Desk
	Uplink *uplink.Uplink
	Credit *credit.Credit // what is believed of neighbours; nil for all that they say
	Lazy   int            // neighbours that announce what they do not push

	hungry  []time.Duration // by substream: since when there is no eager feeder; 0 while there is one
	avoided map[key]time.Duration
	full    map[swarm.LinkID]time.Duration // until when a link counts as having no room
	asked   map[swarm.LinkID]int           // seats asked for since it last said what it has left
}

// key names one substream of one link.
type key struct {
	link swarm.LinkID
	k    int
}

// Reset forgets all; it is called for each number of substreams.
func (f *Feeders) Reset() {
	f.hungry = make([]time.Duration, f.Desk.View.Stream.Substreams)
	f.avoided = make(map[key]time.Duration)
	f.full, f.asked = make(map[swarm.LinkID]time.Duration), make(map[swarm.LinkID]int)
}

// Count counts the eager feeders of substream k, and takes notice when there is none. direct says whether the source is one.
func (f *Feeders) Count(k int) (have int, direct bool) {
	bit := uint64(1) << k
	for _, l := range f.Desk.View.Links {
		if l.In(swarm.Eager)&bit != 0 && !l.Feeds[k].Outbid {
			have++
			direct = direct || l.Role == swarm.Source
		}
	}
	if have == 0 && f.hungry[k] == 0 {
		f.hungry[k] = max(f.Desk.Now, 1)
	} else if have > 0 {
		f.hungry[k] = 0
	}
	return have, direct
}

// Hungry is since when substream k has no eager feeder, at a peer that has looked for one; 0 while there is one.
func (f *Feeders) Hungry(k int) time.Duration { return f.hungry[k] }

// Subscribe asks a neighbour for some substreams.
func (f *Feeders) Subscribe(l *scheduler.Link, set uint64, mode swarm.Mode) {
	if f.Desk.Do(scheduler.Subscribe{Link: l.Link, Substreams: set, Mode: mode}) && mode == swarm.Eager {
		f.asked[l.Link] += bits.OnesCount64(set)
		for ; set != 0; set &= set - 1 {
			f.hungry[bits.TrailingZeros64(set)] = 0
		}
	}
}

// Avoid keeps this peer from asking a link for substream k until then.
func (f *Feeders) Avoid(link swarm.LinkID, k int, until time.Duration) {
	f.avoided[key{link, k}] = max(until, f.avoided[key{link, k}])
}

// Forget drops what is over.
func (f *Feeders) Forget() {
	v, now := &f.Desk.View, f.Desk.Now
	// order-free: each entry is judged alone.
	for at, until := range f.avoided {
		if now >= until || v.Link(at.link) == nil {
			delete(f.avoided, at)
		}
	}
	// order-free: each entry is judged alone.
	for link, until := range f.full {
		if now >= until || v.Link(link) == nil {
			delete(f.full, link)
		}
	}
	// order-free: each entry is judged alone.
	for link := range f.asked {
		if v.Link(link) == nil {
			delete(f.asked, link)
		}
	}
}

// Avoided reports whether l is not to be asked for substream k now.
func (f *Feeders) Avoided(l *scheduler.Link, k int) bool {
	return f.Desk.Now < f.avoided[key{l.Link, k}] || f.Credit != nil && f.Credit.Doubts(l)
}

// Full reports whether l has lately had no room for anything.
func (f *Feeders) Full(l *scheduler.Link) bool { return f.Desk.Now < f.full[l.Link] }
