package substream

import (
	"math/bits"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/desk"
	"github.com/shoal-live/shoal/plugins/schedulers/seats"
)

// feeds is the memory of subscriptions, by substream and by link.
type feeds struct {
	hungry   []time.Duration // by substream: since when there is no eager feeder; 0 while there is one
	avoided  map[key]time.Duration
	full     map[swarm.LinkID]time.Duration // until when a link counts as having no room
	asked    map[swarm.LinkID]int           // seats asked for since it last said what it has left
	compared time.Duration                  // when feeders were last compared
}

// key names one substream of one link.
type key struct {
	link swarm.LinkID
	k    int
}

const (
	deniedFor = time.Second     // before the same neighbour is asked again
	loopFor   = 4 * time.Second // before one is asked again that is fed from here
	fullFor   = 4 * time.Second // before a source without seats is asked again
	silentFor = 5 * time.Second // before a neighbour that fell silent is asked again
	unknown   = 20 * time.Millisecond
	loadCost  = 30 * time.Millisecond // what a neighbour without room is worse by than one with a stream rate to spare
	fullCost  = 10 * time.Minute      // of one that has no room by what it says
	scatter   = 5 * time.Millisecond  // spreads the choice among equals
	gain      = 25 * time.Millisecond // how much better a new feeder must look by what it says
	freshFor  = 10 * time.Second      // how long a neighbour's word on its delay counts
)

func (f *feeds) reset(substreams int, now time.Duration) {
	*f = feeds{
		hungry:  make([]time.Duration, substreams),
		avoided: make(map[key]time.Duration),
		full:    make(map[swarm.LinkID]time.Duration), asked: make(map[swarm.LinkID]int),
		compared: now,
	}
}

// avoid keeps this peer from asking a link for substream k until then.
func (f *feeds) avoid(link swarm.LinkID, k int, until time.Duration) {
	f.avoided[key{link, k}] = max(until, f.avoided[key{link, k}])
}

// forget drops what is over.
func (f *feeds) forget(v *scheduler.View, now time.Duration) {
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

// denied takes that a subscription was refused or ended.
func (p *policy) denied(c scheduler.Feeding) {
	p.feeds.avoid(c.Link, c.Substream, p.Now+p.wait(c))
	if l := p.View.Link(c.Link); l != nil && l.Role != swarm.Source && c.Reason == swarm.NoCapacity {
		p.feeds.full[c.Link] = p.Now + deniedFor/2
	}
}

// wait is how long not to ask again after a denial.
func (p *policy) wait(c scheduler.Feeding) time.Duration {
	l := p.View.Link(c.Link)
	d := deniedFor
	if l != nil && l.Role == swarm.Source {
		d = fullFor
	}
	if c.Reason == swarm.WouldLoop {
		d = loopFor
	}
	return d + time.Duration(p.Chance(uint64(c.Link), uint64(c.Substream))*float64(d)/2)
}

// feed subscribes eagerly where a substream has too few feeders.
func (p *policy) feed() {
	v := &p.View
	seen := p.count()
	asks := make([]uint64, len(v.Links)) // by place in Links: substreams to ask for
	for k := range v.Stream.Substreams {
		bit := uint64(1) << k
		have, direct := 0, false
		for _, l := range v.Links {
			if l.In(swarm.Eager)&bit != 0 {
				have++
				direct = direct || l.Role == swarm.Source
			}
		}
		if have == 0 && p.feeds.hungry[k] == 0 {
			p.feeds.hungry[k] = max(p.Now, 1)
		} else if have > 0 {
			p.feeds.hungry[k] = 0
		}
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
			p.subscribe(v.Links[i], set, swarm.Eager)
		}
	}
}

func (p *policy) subscribe(l *scheduler.Link, set uint64, mode swarm.Mode) {
	if p.Do(scheduler.Subscribe{Link: l.Link, Substreams: set, Mode: mode}) && mode == swarm.Eager {
		p.feeds.asked[l.Link] += bits.OnesCount64(set)
		for ; set != 0; set &= set - 1 {
			p.feeds.hungry[bits.TrailingZeros64(set)] = 0
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
	desperate := have == 0 && (p.alone() || p.Now >= max(p.feeds.hungry[k], p.Began)+p.params.Grace)
	for i, l := range p.View.Links {
		if (l.In(swarm.Eager)|asks[i])&bit != 0 || p.Now < p.feeds.avoided[key{l.Link, k}] || p.Now < p.feeds.full[l.Link] || p.loops(l, k) {
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
		case seats.Relays(l, k) && have > 0 && !p.plenty(l):
			continue
		case seats.Relays(l, k):
			score = p.distance(l) + p.burden(l, bits.OnesCount64(asks[i]))
			if score >= fullCost && !desperate {
				continue
			}
		case desperate && l.Status.Playing != 0 && p.Uplink.HasRoom(l) && (p.has(l, k) || p.Now >= p.feeds.hungry[k]+blindAfter):
			score = 2*time.Hour + p.distance(l) + p.burden(l, bits.OnesCount64(asks[i]))
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

// alone reports whether nobody but the source is known.
func (p *policy) alone() bool {
	for _, k := range p.View.Known {
		if k.Role != swarm.Source {
			return false
		}
	}
	for _, l := range p.View.Links {
		if l.Role != swarm.Source {
			return false
		}
	}
	return true
}

// has reports whether l has lately shown that substream k reaches it.
func (p *policy) has(l *scheduler.Link, k int) bool {
	f := &l.Feeds[k]
	return f.Samples > 0 && p.Now < f.SampleAt+freshSample
}

// blindAfter is how long a substream must have been missed until anybody is asked for it who plays.
const blindAfter = time.Second

// loops reports whether l gets substream k from this peer. Two relays may feed one another: what one of them holds
// is not sent to it.
func (p *policy) loops(l *scheduler.Link, k int) bool {
	return l.Out(swarm.Eager)&(1<<k) != 0
}

// distance is how far l is from the source, seen from here.
func (p *policy) distance(l *scheduler.Link) time.Duration {
	d := l.RTT / 2
	if l.RTT == 0 {
		d = unknown
	}
	if l.Role == swarm.Source {
		return d
	}
	if l.Status.Playing == 0 || p.Now > l.StatusAt+freshFor && l.Status.Delay == 0 {
		return d + unknown
	}
	return d + time.Duration(l.Status.Delay)*time.Millisecond
}

// burden makes a neighbour worse the less room it has, more seats being about to be asked of it.
func (p *policy) burden(l *scheduler.Link, more int) time.Duration {
	left := (float64(l.Status.Spare) - float64(more+p.feeds.asked[l.Link]+1)*p.Uplink.Seat()) / p.Uplink.Rate()
	if left < 0 {
		return fullCost
	}
	return time.Duration(float64(loadCost) * (1 - min(left, 1)))
}
