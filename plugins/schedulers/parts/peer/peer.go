package peer

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/announce"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/neighbours"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/seats"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/uplink"
)

// Config is what the policies' parameters say of it.
type Config struct {
	Neighbours int           // links that are sought
	Copies     int           // seats at the source for each substream
	Rescue     float64       // further seats at the source, in copies of the whole stream, for viewers that find no relay
	Announce   time.Duration // least interval of announcements to one neighbour
	Promptly   int           // neighbours that are announced to at that interval; to the others a third as often
	Trial      float64       // uplink that is assumed until it is shown, in stream rates
	Headroom   float64       // share of a measured uplink that may be committed
	Trust      uplink.Trust  // how what was measured is trusted
}

// Peer is embedded in a policy. Begin makes it ready, and again at every snapshot.
type Peer struct {
	desk.Desk
	Links   neighbours.Neighbours
	Uplink  uplink.Uplink
	Seats   seats.Seats
	Heralds announce.Heralds

	next time.Duration // when it is time to look around
}

// tick is how often a peer looks around when nothing calls for it, rarely by how much less often it announces to the
// neighbours that come late.
const (
	tick   = 250 * time.Millisecond
	rarely = 3
)

// Begin makes p ready for a snapshot, whatever it was before.
func (p *Peer) Begin(c Config) {
	*p = Peer{}
	p.Links = neighbours.Neighbours{Desk: &p.Desk, Want: c.Neighbours, Source: c.Copies}
	p.Uplink = uplink.Uplink{Desk: &p.Desk, Trial: c.Trial, Headroom: c.Headroom, Trust: c.Trust}
	p.Seats = seats.Seats{Desk: &p.Desk, Uplink: &p.Uplink, Copies: c.Copies, Rescue: c.Rescue}
	p.Heralds = announce.Heralds{Desk: &p.Desk, Every: c.Announce, Promptly: c.Promptly, Rarely: rarely}
}

// Due reports whether it is time to look around, and sets when the next time is. It is asked once a batch.
func (p *Peer) Due() bool {
	if p.Now < p.next {
		return false
	}
	p.next = p.Now + tick
	return true
}

// Next is when a peer looks around again: what a policy with nothing more urgent answers as its time to wake.
func (p *Peer) Next() time.Duration {
	if p.next <= p.Now {
		return p.Now + tick
	}
	return p.next
}

// Refused sees to it that what the engine would not do is not asked for again at once, as far as it is the peer's own
// doing; a policy looks after its subscriptions, pulls and sends.
func (p *Peer) Refused(c scheduler.Refused) {
	switch a := c.Action.(type) {
	case scheduler.Push:
		p.Seats.Unserve(a, c.Reason)
	case scheduler.Announce:
		p.Heralds.Refused(a.Link)
	case scheduler.Introduce:
		p.Links.Refused()
	default: // Connect is counted by the view; the others are not repeated
	}
}
