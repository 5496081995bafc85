package engine

import (
	"slices"
	"time"
)

// The lead is how long after its media time a group is due, on the local clock: long enough for all but one group
// in a thousand to be complete, and two round trips more, so that a repair still comes in time. It grows at once
// and shrinks slowly. It is counted from the quickest first chunk seen, which is as close to a group's birth as
// local time comes; no other machine's clock is asked.

const (
	lagBuckets   = 30 // of lagBucket each: what the lead remembers
	lagBucket    = time.Second
	shrinkShare  = 100 // the lead shrinks by a hundredth of the time that passes
	shrinkFast   = 10  // by a tenth, for shrinkSoon after the start
	shrinkSoon   = 20 * time.Second
	lateGrace    = 50 * time.Millisecond // for the rest of a group whose first chunk was late
	mediaLeap    = time.Second           // by which a group may be earlier than any before, until media time is taken to have leapt
	catchUpSpeed = 4                     // at which a joiner's media is due, as far as it comes so fast, until it has caught up
)

// A group that is missing a chunk when it is due is waited for: what is late once is late again, so the lead would have to grow by as
// much anyway, and growing it before the group is lost costs a pause instead of a group and all that refers to it. So it is as long
// as the lead is less than waitUpTo; beyond, only while a viewer that has just begun is not yet fed in every substream, or several feeders have died: a short pause is less
// of a loss than what all refers to.
const (
	waitUpTo  = time.Second
	waitStep  = 20 * time.Millisecond
	waitGroup = 800 * time.Millisecond  // for one group
	settling  = 4 * time.Second         // that one has just begun; what comes late then says nothing about the delay to come
	waitMost  = 1500 * time.Millisecond // in all, beyond waitUpTo
)

// wait reports whether the group that is due and not complete is waited for, and stretches the lead then. What is
// being pulled is waited for as long as a join may take, and says nothing about what comes live.
func (e *Engine) wait() bool {
	p := &e.player
	switch {
	case p.caught.on && e.joining.on && p.first < e.frontier.start && e.now-max(e.joining.came, p.begun) < joinStalls:
		p.caught.at += waitStep
		return true
	case e.orders.repair == noRepair || p.waitsFor == p.next && p.waitedFor >= waitGroup:
		return false
	case p.lead()+waitStep <= waitUpTo:
	case (e.now-p.begun < settling || e.now < e.alert.until) && p.waited < waitMost:
		p.waited += waitStep
	default:
		return false
	}
	if p.waitsFor != p.next {
		p.waitsFor, p.waitedFor = p.next, 0
	}
	p.waitedFor += waitStep
	p.aim += waitStep
	p.caught.at += waitStep
	return true
}

// lagWindow remembers how late groups came over the last lagBuckets seconds.
type lagWindow struct {
	least, most [lagBuckets]time.Duration // of first chunks; of whole groups
	bucket      int64                     // that is being filled
}

const (
	noLeast = time.Duration(1<<63 - 1)
	noMost  = -noLeast
)

func newLagWindow() lagWindow {
	var w lagWindow
	for i := range w.least {
		w.least[i], w.most[i] = noLeast, noMost
	}
	return w
}

func (w *lagWindow) turn(now time.Duration) int {
	b := int64(now / lagBucket)
	if b-w.bucket >= lagBuckets {
		*w = newLagWindow()
		w.bucket = b
	}
	for w.bucket < b {
		w.bucket++
		w.least[w.bucket%lagBuckets], w.most[w.bucket%lagBuckets] = noLeast, noMost
	}
	return int(b % lagBuckets)
}

func (w *lagWindow) first(now, lag time.Duration) {
	i := w.turn(now)
	w.least[i] = min(w.least[i], lag)
}

func (w *lagWindow) complete(now, lag time.Duration) {
	i := w.turn(now)
	w.most[i] = max(w.most[i], lag)
}

// adapt moves the lead after a group has come.
func (e *Engine) adapt() {
	p := &e.player
	least, most := slices.Min(p.lag.least[:]), slices.Max(p.lag.most[:])
	if least == noLeast {
		return
	}
	aim := least + e.cfg.Playout.Floor
	if most != noMost {
		aim = max(aim, most+2*e.roundTrip())
	}
	aim = min(aim, least+e.cfg.Playout.Ceiling)
	share := time.Duration(shrinkShare)
	if e.now-p.begun < shrinkSoon {
		share = shrinkFast
	}
	switch {
	case !p.known || aim > p.aim:
		p.aim = aim
	default:
		p.aim = max(aim, p.aim-(e.now-p.aimAt)/share)
	}
	p.known, p.aimAt = true, e.now
}

// roundTrip is that of the link in the middle.
func (e *Engine) roundTrip() time.Duration {
	var all [maxLinks]time.Duration
	n := 0
	for _, l := range e.links {
		if l.up && l.rtt > 0 && n < maxLinks {
			all[n] = l.rtt
			n++
		}
	}
	if n == 0 {
		return 0
	}
	slices.Sort(all[:n])
	return all[n/2]
}

// due is when a group is to be played.
func (e *Engine) due(at, span time.Duration) time.Duration {
	p := &e.player
	live := at + span + p.aim
	if p.caught.on {
		soon := p.caught.at + e.cfg.Playout.Floor + max(at-p.caught.time, 0)/catchUpSpeed
		switch {
		case !p.known || soon > live:
			live = soon
		default:
			p.caught.on = false
		}
	}
	return max(live, p.lastDue)
}

// lead is how far behind the live edge playing may be.
func (p *player) lead() time.Duration {
	least := slices.Min(p.lag.least[:])
	if !p.known || least == noLeast {
		return 0
	}
	return p.aim - least
}
