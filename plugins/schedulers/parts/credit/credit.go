package credit

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/uplink"
)

// Credit is the memory of claims that nothing came of. The zero value with its two pointers set is ready.
type Credit struct {
	Desk   *desk.Desk
	Uplink *uplink.Uplink

	broken map[swarm.LinkID]broken
}

// broken is what is remembered of a neighbour that was asked for something and sent nothing.
type broken struct {
	until time.Duration // it is asked for nothing before
	times int           // in a row
}

const (
	// provenWithin is how long one has been a neighbour whose claims are believed unproved: it may be that nobody has asked it
	// for anything yet.
	provenWithin = 2500 * time.Millisecond
	brokenFor    = 20 * time.Second // the first time, then twice as long each time, up to brokenMost
	brokenMost   = time.Minute
)

// Broke takes notice that a neighbour that was to push has fallen silent. Who sends nothing else either is asked for nothing for
// a while.
func (c *Credit) Broke(l *scheduler.Link) {
	if l.Role == swarm.Source || l.RecvRate > 0 || Flows(l) || c.Doubts(l) {
		return
	}
	if c.broken == nil {
		c.broken = make(map[swarm.LinkID]broken)
	}
	b := c.broken[l.Link]
	b.until = c.Desk.Now + min(brokenFor<<min(b.times, 8), brokenMost)
	b.times++
	c.broken[l.Link] = b
}

// Reset forgives all.
func (c *Credit) Reset() { c.broken = nil }

// Forget forgives those who give something now, and drops what is known of those who are no neighbours any more.
func (c *Credit) Forget() {
	// order-free: each entry is judged alone.
	for link := range c.broken {
		if l := c.Desk.View.Link(link); l == nil || l.RecvRate > 0 || Flows(l) {
			delete(c.broken, link)
		}
	}
}

// Doubts reports whether l is to be asked for nothing, since nothing came the last time.
func (c *Credit) Doubts(l *scheduler.Link) bool {
	b, known := c.broken[l.Link]
	return known && c.Desk.Now < b.until
}

// Gives reports whether l is believed to give others something: it pushes to this peer, receipts of others have shown its
// uplink, or it has only just come.
func (c *Credit) Gives(l *scheduler.Link) bool {
	switch {
	case l.Role != swarm.Viewer || Flows(l):
		return true
	case c.broken[l.Link].times > 0:
		return false
	}
	return float64(l.Status.Uplink) >= c.Uplink.Seat() || c.Desk.Now < l.Since+provenWithin
}

// Flows reports whether anything that l pushes comes.
func Flows(l *scheduler.Link) bool {
	if l.In(swarm.Eager) == 0 {
		return false
	}
	for k := range l.Feeds {
		if f := &l.Feeds[k]; f.Mode == swarm.Eager && f.Flows {
			return true
		}
	}
	return false
}
