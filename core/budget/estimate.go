package budget

import (
	"cmp"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

const (
	target      = 25 * time.Millisecond  // of queueing delay, RFC 6817 allows up to 100 ms
	interval    = 200 * time.Millisecond // between two changes of the estimate
	patience    = 2                      // intervals above the target until the estimate shrinks
	fresh       = time.Second            // that a link's delay is of interest
	baseHistory = 5 * time.Minute        // half of what a link's least delay is remembered, for clocks that drift
	maxLinks    = 512                    // links that receipts are remembered of; beyond, the one unheard for longest goes
	maxDelays   = 64                     // links whose delays are compared
	gain        = 8                      // a full step is an eighth
	stillest    = 500 * time.Microsecond // delay where nothing ever waits: all in one machine, whose uplinks have no end
	receipts    = 250 * time.Millisecond // from one of a link to the next, and so before the first
	unread      = 3 * time.Second        // that the gauge is waited for, from the first receipt on
	slight      = 5 * time.Millisecond   // of delay: next to none
	triedFor    = 600 * time.Millisecond // that most of a known uplink is used with next to no delay, until an eighth more is taken to be there
	fade        = 512                    // part of an idle uplink that is no longer trusted each interval: half in 70 s
)

// linkKey names a link of one share: receipts count what one stream sent on it.
type linkKey struct {
	share uint64
	link  swarm.LinkID
}

func (k linkKey) compare(o linkKey) int {
	return cmp.Or(cmp.Compare(k.share, o.share), cmp.Compare(k.link, o.link))
}

// linkState is what receipts said of a link.
type linkState struct {
	key      linkKey
	acked    uint64
	heard    time.Duration
	queueing time.Duration
	base     [2]time.Duration // least delay of this period and of the one before
	since    time.Duration    // when this period began
}

// estimate is the uplink as receipts show it. rate is what is tried, shown what has been confirmed.
type estimate struct {
	capped  bool
	floor   int64 // bytes per second
	ceiling int64
	rate    int64
	shown   int64
	sent    most
	peak    int64 // of what was confirmed, fading by half in 4 s
	acked   meter
	links   []linkState // by key
	next    time.Duration
	above   int // intervals above the target, in a row
	gauge   gauge
	losses  losses
	over    overflow
	last    lastReading
	exact   bool          // shown is what the uplink carries, and not only what it was seen to carry
	first   time.Duration // receipt of all
	felt    bool          // some receipt has told of a delay
}

// lastReading is the last that the gauge has read exactly.
type lastReading struct {
	rate int64
	at   time.Duration
}

// begin sets the bounds, and tries the ceiling where there is a cap.
func (e *estimate) begin(ceiling int64, cfg Config) {
	if e.capped {
		e.rate, e.shown = 0, 0 // they rested on the cap
	}
	e.ceiling, e.capped, e.above = ceiling, cfg.Cap > 0, 0
	if e.capped {
		e.gauge, e.losses, e.last = gauge{}, losses{}, lastReading{} // what is not told of all that leaves reads wrong
		e.floor, e.rate, e.shown = ceiling/4, ceiling, ceiling
		return
	}
	e.floor = min(MinCap*2, int64(cfg.Initial))
	if e.rate == 0 {
		e.rate = int64(cfg.Initial)
	}
}

func (e *estimate) set(rate uint64) {
	e.rate = max(int64(min(rate, uint64(e.ceiling))), e.floor)
	e.shown, e.exact = e.rate, true
}

// shownRate is what may be counted on, 0 while nothing is known; shown says that it is all that the uplink carries.
func (e *estimate) shownRate() (rate uint64, shown bool) {
	return uint64(min(e.rate, e.shown)), e.shown > 0 && (e.exact || e.capped)
}

func (e *estimate) find(k linkKey) (int, bool) {
	return slices.BinarySearchFunc(e.links, k, func(l linkState, k linkKey) int { return l.key.compare(k) })
}

func (e *estimate) forget(k linkKey) {
	e.gauge.forget(k)
	e.losses.forget(k)
	if i, ok := e.find(k); ok {
		e.links = slices.Delete(e.links, i, i+1)
	}
}

// drop forgets the links of a share.
func (e *estimate) drop(share uint64) {
	e.gauge.drop(share)
	e.losses.drop(share)
	e.links = slices.DeleteFunc(e.links, func(l linkState) bool { return l.key.share == share })
}

// Receipt is Confirmer's, for a host that has no share at hand.
func (a *Allocator) Receipt(now time.Duration, link swarm.LinkID, r Receipt) {
	a.receipt(now, linkKey{link: link}, &r)
}

func (a *Allocator) receipt(now time.Duration, k linkKey, r *Receipt) {
	e, acked, delay := &a.estimate, r.Acked, r.Delay
	i, ok := e.find(k)
	if !ok {
		if len(e.links) >= maxLinks {
			oldest := 0
			for j := range e.links {
				if e.links[j].heard < e.links[oldest].heard {
					oldest = j
				}
			}
			e.links = slices.Delete(e.links, oldest, oldest+1)
			i, _ = e.find(k)
		}
		e.links = slices.Insert(e.links, i, linkState{key: k, since: now, base: [2]time.Duration{delay, delay}})
	}
	e.gauge.receipt(now, k, delay, acked)
	e.losses.receipt(now, k, r)
	e.felt = e.felt || delay >= stillest
	l := &e.links[i]
	if acked > l.acked {
		a.unheard = unheard{}
		// A peer cannot confirm more than was granted, whatever it says.
		e.acked.add(now, min(acked-l.acked, a.granted.rate(now)))
	}
	l.acked, l.heard = acked, now
	if now-l.since >= baseHistory {
		l.base = [2]time.Duration{delay, l.base[0]}
		l.since = now
	}
	l.base[0] = min(l.base[0], delay)
	l.queueing = delay - min(l.base[0], l.base[1])
	if e.next == 0 {
		e.first = now
	}
	if now >= e.next || !e.capped && e.shown == 0 && e.gauge.knows(now) {
		e.next = now + interval
		a.flow(now)
		e.update(now, int64(a.granted.rate(now)), int64(a.charged.rate(now)))
		a.resize()
	}
}

// update moves the estimate once. sent is what was granted in the last second, charged what left beside it. Losses show best what
// the uplink carries, then what the gauge reads exactly, or a step beyond where that is used and delays next to nothing: what is paced
// to a reading reads as the same again. Otherwise delays lead. Where there is any delay, nothing is shown for a while until the gauge
// has read: what a neighbour is told first it builds on.
func (e *estimate) update(now time.Duration, sent, charged int64) {
	came := int64(e.acked.rate(now))
	confirmed := min(came, sent)
	e.peak = max(confirmed, e.peak-e.peak/32)
	sentMost := e.sent.add(now, sent)
	if e.capped {
		e.exact = false
		e.follow(e.queueing(now, 1), confirmed, sent)
		return
	}
	if now < e.over.empty {
		return
	}
	if lost := e.losses.read(now); lost > overflowing && e.queueing(now, 3) > target {
		if counted := now - e.first + receipts; counted < time.Second { // less than a second of what came
			came = came * int64(time.Second) / int64(counted)
		}
		e.overflows(now, min(came, sentMost)+charged)
		return
	}
	queueing := e.queueing(now, 1)
	reading, read := e.gauge.read(now)
	if now < e.over.until {
		reading.rate = min(reading.rate, e.over.most)
	}
	switch {
	case read && reading.bound == exactly && (queueing > slight || !e.used(sent) || reading.rate > e.last.rate):
		e.last = lastReading{reading.rate, now}
	case read && reading.bound != exactly && reading.rate > e.last.rate:
		e.last = lastReading{} // there is more than that
	case e.last.rate > 0 && e.used(sent) && queueing <= slight && now-e.last.at >= triedFor:
		e.last = lastReading{e.last.rate + e.last.rate/8, now} // unless there is, it will show at once
	}
	since := now - e.last.at
	e.exact = e.last.rate > 0 && (since == 0 || since < gaugeFresh && queueing <= target) // where less is sent, nothing is delayed
	if e.exact {
		e.above = 0
		most := e.last.rate - e.last.rate/20
		e.shown = min(most, e.ceiling)
		rate := most - drain(e.last.rate, queueing)
		if queueing <= 4*target { // see shrink
			rate = max(rate, min(e.peak-e.peak/10, most))
		}
		e.rate = min(max(rate, e.floor), e.ceiling)
		return
	}
	waits := e.felt && e.shown == 0 && now-e.first < unread
	e.follow(queueing, confirmed, sent)
	switch {
	case read:
		e.shown = max(e.shown, min(reading.rate, e.rate))
	case waits:
		e.shown = 0
	}
}

// used reports whether most of what was read last is sent.
func (e *estimate) used(sent int64) bool { return 5*sent >= 4*e.last.rate }

// drain is how much of a rate that is known is left to a queue above the target, so that it gets shorter: half of it at
// most.
func drain(rate int64, queueing time.Duration) int64 {
	const longest = 2 * target
	return rate / 2 * int64(min(max(queueing-target, 0), longest)) / int64(longest)
}

// follow moves the estimate by the delay of the uplink's queue.
func (e *estimate) follow(queueing time.Duration, confirmed, sent int64) {
	if queueing > target {
		e.above++
		if e.above < patience {
			return
		}
		e.shrink(queueing, confirmed)
		e.shown = min(e.shown, e.rate)
		return
	}
	e.above = 0
	if 2*sent >= e.rate { // not held back by want of something to send
		e.rate = min(e.rate+e.rate*int64(target-queueing)/int64(target)/gain+1, e.ceiling)
	}
	if e.capped {
		e.shown = e.ceiling
		return
	}
	e.shown = max(min(2*confirmed, e.rate), e.shown-max(e.shown-2*confirmed, 0)/fade)
}

// shrink lowers the estimate for a queue above the target. A queue of up to four times the target may be a busy
// machine's, which no lower rate would shorten: it does not cost more than a tenth of what went through lately. A
// longer one has to be drained, at half of what goes through if need be.
func (e *estimate) shrink(queueing time.Duration, confirmed int64) {
	rate, least := e.rate, e.peak-e.peak/10
	if queueing > 4*target {
		rate, least = min(rate, max(confirmed+confirmed/4, rate/2)), confirmed/2
	}
	rate -= rate * int64(min(queueing-target, target)) / int64(target) / gain
	e.rate = min(e.rate, max(rate, least, e.floor))
}

// queueing is the delay that the uplink's own queue adds, as so many quarters of the links heard lately have it at most. It is
// common to all links: what three quarters have at least, neither a slow neighbour nor one that lies decides.
func (e *estimate) queueing(now time.Duration, quarters int) time.Duration {
	var delays [maxDelays]time.Duration
	n := 0
	for i := range e.links {
		if l := &e.links[i]; now-l.heard <= fresh && n < maxDelays {
			delays[n] = l.queueing
			n++
		}
	}
	if n == 0 {
		return 0
	}
	slices.Sort(delays[:n])
	return delays[(n-1)*quarters/4]
}
