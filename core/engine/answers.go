package engine

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// denied takes a neighbour's refusal, of wants or of a subscription.
func (e *Engine) denied(l *link, m *swarm.Deny) {
	if e.epoch == nil || m.Epoch != e.id() && len(m.Numbers) > 0 {
		return
	}
	if len(m.Numbers) == 0 {
		if m.Reason == swarm.Outbid {
			e.feedingWillEnd(l, m.Substream)
			return
		}
		e.feedingEnds(l, 1<<min(m.Substream, 63), m.Reason)
		return
	}
	if m.Reason == swarm.NoCapacity {
		l.busy = max(l.busy, e.now+noCapacityFor)
	}
	for _, n := range m.Numbers {
		i, ok := e.asking.find(n)
		if !ok || e.asking.list[i].to != l.id {
			continue
		}
		x := &e.asking.list[i]
		l.outstanding--
		x.last, x.to = l.id, 0
		if m.Reason == swarm.NotHeld {
			l.has.Remove(n)
		}
		if m.Reason == swarm.NoCapacity {
			x.refused(e.now)
		}
	}
	e.askSooner(e.now)
}

// refused takes that a neighbour has no room to send the chunk. Where several have none, the others are left alone for a while: uplinks
// are full all around, and asking takes of them.
func (x *ask) refused(now time.Duration) {
	if x.denied++; x.denied >= denials {
		x.denied, x.after = 0, now+noCapacityFor
	}
}

// denials are those after which nobody is asked for noCapacityFor.
const denials = 3

// wanted answers a neighbour's wants: with the chunks, as far as the uplink carries them, or a Deny.
func (e *Engine) wanted(l *link, m *swarm.Want) {
	var notHeld, noRoom []uint64
	for _, n := range m.Numbers {
		switch {
		case e.epoch != nil && m.Epoch == e.id() && m.Rendition == 0 && !e.epoch.store.Has(n) && e.owes(l, n):
			// It will be pushed as soon as it comes.
		case e.epoch == nil || m.Epoch != e.id() || m.Rendition != 0 || !e.epoch.store.Has(n):
			notHeld = append(notHeld, n)
		case l.owed.Has(n), l.out.crosses(n, e.now, l.rtt):
		case l.out.queued >= maxOwed || e.congestion() > mendLatest:
			noRoom = append(noRoom, n)
		default:
			class := scheduler.ClassExtra
			if l.mends(e.now, &e.epoch.rate) {
				class = scheduler.ClassRepair
			}
			if class == scheduler.ClassExtra && e.congestion() > extraLatest {
				noRoom = append(noRoom, n)
				continue
			}
			l.has.Remove(n) // whatever it said before
			l.owed.Add(n)
			e.add(upload{key: e.now, number: n, link: l, expires: e.now + askLife, class: class, owed: true})
		}
	}
	if len(notHeld) > 0 {
		e.send(l, &swarm.Deny{Epoch: m.Epoch, Rendition: m.Rendition, Reason: swarm.NotHeld, Numbers: notHeld})
	}
	if len(noRoom) > 0 {
		e.send(l, &swarm.Deny{Epoch: m.Epoch, Rendition: m.Rendition, Reason: swarm.NoCapacity, Numbers: noRoom})
	}
}

// crosses reports whether chunk n was on its way when the want was sent that has come now: who has lost it all the same asks again.
// The stamps come round every 32.8 s: on a link that sends little, one want may be passed over for that.
func (o *outgoing) crosses(n uint64, now, rtt time.Duration) bool {
	for i := range o.recent {
		if r := &o.recent[i]; r.number == n+1 && r.since(stamp(now)) < rtt {
			return true
		}
	}
	return false
}

// owes reports whether chunk n, which is not held, is going to be pushed to l.
func (e *Engine) owes(l *link, n uint64) bool {
	return n >= e.frontier.start && n < e.frontier.next && e.lacks(n) && contains(e.orders.push[n%e.epoch.substreams], l)
}

// How long all that waits for the uplink may take. Beyond it an answer is refused, one that is not urgent before the
// others: who asked then asks another at once, and does not get the chunk from both.
const (
	mendLatest  = 150 * time.Millisecond
	extraLatest = 60 * time.Millisecond
)

// congestion is how long all that waits for the uplink takes; 0 where the uplink is not known.
func (e *Engine) congestion() time.Duration {
	rate, _ := e.cfg.Budget.Rate()
	if rate == 0 {
		return 0
	}
	return time.Duration(uint64(e.uploads.total) * uint64(e.epoch.rate.chunkWire) * uint64(time.Second) / rate)
}

// mending bounds what a link is answered with urgency: what a neighbour that is fed well misses. Beyond that, a joiner's
// pulls among it, answers get what pushes leave of the uplink, so that earlier viewers do not pay for later ones.
const (
	mendShare = 0.1 // of the stream's rate
	mendBurst = 24  // chunks
)

func (l *link) mends(now time.Duration, r *rate) bool {
	wire := float64(max(r.chunkWire, 1))
	l.mend = min(l.mend+(now-l.mendAt).Seconds()*mendShare*float64(r.perSecond())/wire, mendBurst)
	l.mendAt = now
	if l.mend < 1 {
		return false
	}
	l.mend--
	return true
}

// maxOwed is how many chunks may be queued for a link that asks for more.
const maxOwed = 512
