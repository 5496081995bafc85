package substream

import (
	"math/bits"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// unknownRate stands for the stream's rate until it is known, in bytes per second.
const unknownRate = 150_000

// rate is the stream's, in wire bytes per second; never 0.
func (p *policy) rate() float64 {
	if r := p.view.Stream.Rate; r > 0 {
		return float64(r)
	}
	return unknownRate
}

// seat is what one copy of one substream costs, in wire bytes per second.
func (p *policy) seat() float64 { return p.rate() / float64(p.view.Stream.Substreams) }

// limit is what may be committed, in wire bytes per second: a cap less what control takes of it, or what receipts
// have shown. Receipts confirm no more than what was sent, and show room up to twice that while nothing queues: an
// uplink that shows less is at its limit. One that does not, or was not shown yet, counts as Trial stream rates at the
// least, so that a swarm can begin.
func (p *policy) limit() float64 {
	c := &p.view.Capacity
	trusted := p.params.Trial * p.rate()
	measured := float64(c.Measured)
	switch {
	case c.Cap > 0 && c.Shown:
		trusted = measured
	case c.Cap > 0:
		trusted = float64(c.Cap)
	case p.view.Stream.Role != swarm.Viewer: // they have volunteered
		trusted = unlimited
	case c.Shown && p.sent > 2*p.seat() && measured < roomShown*p.sent:
		trusted = measured
	case c.Shown:
		trusted = max(trusted, min(measured, probes*p.sent))
	}
	if c.Cap > 0 {
		return (1 + p.params.Headroom) / 2 * trusted // it is exact, and half the caution is enough
	}
	if p.ceiling > 0 {
		trusted = min(trusted, p.ceiling)
	}
	return p.params.Headroom * trusted
}

const (
	unlimited = 1e15
	roomShown = 1.4 // times what is sent, that an uplink shows that is not at its limit
	probes    = 1.6 // times what is sent, that it is trusted with then
)

// heed looks at the second's figures: where chunks wait to leave on most links, what has left is what the uplink
// carries, whatever was measured of it. That ceiling rises again while nothing waits.
func (p *policy) heed() {
	sent, busy, waits := 0.0, 0, 0
	for _, l := range p.view.Links {
		if l.SentRate == 0 {
			continue
		}
		sent += float64(l.SentRate)
		busy++
		if l.Queue > mostQueue {
			waits++
		}
	}
	p.sent = sent
	switch {
	case p.view.Capacity.Cap > 0: // the budget sees to it that the uplink is never full
		p.ceiling = 0
	case busy > 0 && 2*waits > busy:
		p.ceiling = max(sent, p.seat())
	case p.ceiling > 0:
		p.ceiling *= ceilingRises
		if p.ceiling > 2*max(sent, p.params.Trial*p.rate()) {
			p.ceiling = 0
		}
	}
}

const (
	mostQueue    = 100 * time.Millisecond // that a chunk may wait to leave
	ceilingRises = 1.02                   // a second
)

// committed is what the orders in force bind, in seats.
func (p *policy) committed() int {
	n := 0
	for _, to := range p.view.Pushes {
		n += len(to)
	}
	return n
}

// carries reports whether the uplink carries at least one copy of a substream.
func (p *policy) carries() bool { return p.limit() >= p.seat() }

// spare is what is not committed, in wire bytes per second.
func (p *policy) spare() float64 {
	return max(p.limit()-float64(p.committed())*p.seat(), 0)
}

// tell is what the neighbours were told last.
type tell struct {
	relays, spare uint64
	at            time.Duration
	ever          bool
}

// quiet is the least interval between two tellings that change the spare uplink alone.
const quiet = time.Second

// mostSpare bounds what is told, since an uplink may be unlimited.
const mostSpare = 1 << 40

// advertise tells the neighbours what this peer relays and has left, when it has changed enough.
func (p *policy) advertise() {
	t := &p.tell
	relays := p.relays.mine & p.flowing()
	spare := uint64(min(p.spare(), mostSpare))
	seat := uint64(p.seat())
	switch {
	case !t.ever || relays != t.relays:
	case (spare < seat) != (t.spare < seat) && p.now >= t.at+quiet/4:
	case p.now < t.at+quiet || bits.Len64(spare) == bits.Len64(t.spare):
		return
	}
	if p.do(scheduler.Tell{Relays: relays, Spare: spare}) {
		*t = tell{relays: relays, spare: spare, at: p.now, ever: true}
	}
}

// hasRoom reports whether a neighbour says that it can take one more seat.
func (p *policy) hasRoom(l *scheduler.Link) bool {
	return l.Role == swarm.Source || float64(l.Status.Spare) >= p.seat()
}

// plenty reports whether a neighbour has so much room that a second feeder takes nothing from anybody.
func (p *policy) plenty(l *scheduler.Link) bool {
	return float64(l.Status.Spare) >= max(plentySeats*p.seat(), plentyShare*float64(l.Status.Uplink))
}

const (
	plentySeats = 4
	plentyShare = 0.25 // of its uplink
)
