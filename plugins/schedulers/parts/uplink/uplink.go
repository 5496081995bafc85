package uplink

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
)

// Uplink is what a policy knows of the peer's own uplink, and what it has told of it. Seats are counted in copies of one
// substream.
type Uplink struct {
	Desk     *desk.Desk
	Trial    float64 // uplink that is assumed until it is shown, in stream rates
	Headroom float64 // share of a measured uplink that may be committed, and of a capped one halfway to all
	Counts   Counts  // what counts as not spare; default Orders
	Trust    Trust   // how what was measured is trusted; default Probe

	sent    float64 // wire bytes per second, over the last second
	ceiling float64 // wire bytes per second that the uplink was seen to carry when it was full; 0 for never
	told    told
}

// Counts says what of an uplink is taken.
type Counts uint8

// The choices.
const (
	Orders Counts = 0 // what the orders to push bind
	Sent   Counts = 1 // or what was sent over the last second, where that is more: for chunks that no order binds
)

// Trust says how much of an uplink without a cap is committed.
type Trust uint8

// The choices.
const (
	Probe Trust = 0 // what is sent and some more, at least Trial: for a policy whose load finds its own level
	All   Trust = 1 // all that was measured: for one that commits itself for long. Neighbours are told of less, see soft
)

// unknownRate stands for the stream's rate until it is known, in bytes per second.
const unknownRate = 150_000

// Rate is the stream's, in wire bytes per second; never 0.
func (u *Uplink) Rate() float64 {
	if r := u.Desk.View.Stream.Rate; r > 0 {
		return float64(r)
	}
	return unknownRate
}

// Seat is what one copy of one substream costs, in wire bytes per second.
func (u *Uplink) Seat() float64 { return u.Rate() / float64(u.Desk.View.Stream.Substreams) }

// Limit is what may be committed, in wire bytes per second: a cap less what control takes of it, or what receipts
// have shown. Receipts confirm no more than what was sent, and show room up to twice that while nothing queues: an
// uplink that shows less is at its limit. One that does not, or was not shown yet, counts as Trial stream rates at the
// least, so that a swarm can begin.
func (u *Uplink) Limit() float64 {
	c := &u.Desk.View.Capacity
	trusted := u.Trial * u.Rate()
	measured := float64(c.Measured)
	switch {
	case c.Cap > 0 && c.Shown:
		trusted = measured
	case c.Cap > 0:
		trusted = float64(c.Cap)
	case u.Desk.View.Stream.Role == swarm.Source: // nobody else has what it publishes
		trusted = unlimited
	case u.Trust == All && c.Shown:
		trusted = measured
	case u.Trust == All:
		trusted = max(trusted, measured)
	case measured > 0 && u.sent > 2*u.Seat() && measured < roomShown*u.sent:
		trusted = measured
	case measured > 0:
		trusted = max(trusted, min(measured, probes*u.sent))
	}
	if c.Cap > 0 && u.Trust == Probe {
		return (1 + u.Headroom) / 2 * trusted // it is exact, and half the caution is enough
	}
	if u.ceiling > 0 {
		least := 0.0
		if c.Shown {
			least = shownLeast * measured
		}
		trusted = min(trusted, max(u.ceiling, least))
	}
	return u.Headroom * trusted
}

const (
	unlimited = 1e15
	roomShown = 1.4 // times what is sent, that an uplink shows that is not at its limit
	probes    = 1.6 // times what is sent, that it is trusted with then
)

// Heed looks at the second's figures: where chunks wait to leave on most links, what has left is what the uplink
// carries, whatever was measured of it, or has carried within the second if that is more. That ceiling rises again while nothing waits.
func (u *Uplink) Heed() {
	sent, busy, waits := 0.0, 0, 0
	for _, l := range u.Desk.View.Links {
		if l.SentRate == 0 {
			continue
		}
		sent += float64(l.SentRate)
		busy++
		if l.Queue > mostQueue {
			waits++
		}
	}
	u.sent = sent
	switch {
	case u.Desk.View.Capacity.Cap > 0: // the budget sees to it that the uplink is never full
		u.ceiling = 0
	case busy > 0 && 2*waits > busy:
		u.ceiling = max(sent, u.Seat())
	case u.ceiling > 0:
		u.ceiling = max(u.ceiling*ceilingRises, sent)
		if u.ceiling > 2*max(sent, u.Trial*u.Rate()) {
			u.ceiling = 0
		}
	}
}

const (
	mostQueue    = 100 * time.Millisecond // that a chunk may wait to leave
	ceilingRises = 1.1                    // a second
	shownLeast   = 0.9                    // of an uplink that is known: a group that comes at once waits where much of it is used
)

// Committed is what the orders in force bind, in seats.
func (u *Uplink) Committed() int {
	n := 0
	for _, to := range u.Desk.View.Pushes {
		n += len(to)
	}
	return n
}

// Carries reports whether the uplink carries at least one copy of a substream.
func (u *Uplink) Carries() bool { return u.Limit() >= u.Seat() }

// Spare is what is not taken, in wire bytes per second.
func (u *Uplink) Spare() float64 {
	taken := float64(u.Committed()) * u.Seat()
	if u.Counts == Sent {
		taken = max(taken, u.sent)
	}
	limit := u.Limit()
	if u.Trust == All {
		limit *= soft
	}
	return max(limit-taken, 0)
}

// soft is the share of the limit up to which uplink is told as spare: what is beyond it is for those who lack a substream.
const soft = 0.9

// HasRoom reports whether a neighbour says that it can take one more seat.
func (u *Uplink) HasRoom(l *scheduler.Link) bool {
	return l.Role == swarm.Source || float64(l.Status.Spare) >= u.Seat()
}

// Plenty reports whether a neighbour has so much room that a second feeder takes nothing from anybody.
func (u *Uplink) Plenty(l *scheduler.Link) bool {
	return float64(l.Status.Spare) >= max(plentySeats*u.Seat(), plentyShare*float64(l.Status.Uplink))
}

const (
	plentySeats = 4
	plentyShare = 0.25 // of its uplink
)
