package engine

import (
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// orders are the standing orders in force. They stay in force whatever becomes of the policy.
type orders struct {
	push   [][]target // by substream
	repair scheduler.Repair

	feeders      [][]*link // by substream, see Engine.feeders
	feedersKnown bool
	wishes       []wish // eager subscriptions that no Push has answered yet; at most maxWishes
}

// wish says from which chunk on a neighbour wants a substream pushed.
type wish struct {
	link      *link
	substream int
	from      uint64
}

const (
	maxWishes   = 4096 // a further one is pushed what comes from then on
	mostBacklog = 16   // chunks of one substream that a new target is sent of what came before
)

// target is one receiver of a Push.
type target struct {
	link  *link
	class scheduler.Class
}

var noRepair = scheduler.Repair{}

// resetOrders forgets all that counts by substreams.
func (e *Engine) resetOrders() {
	e.orders.push = make([][]target, e.epoch.substreams)
	e.orders.feeders = make([][]*link, e.epoch.substreams)
	e.orders.wishes = nil
	e.orders.feedersKnown = false
	for _, l := range e.links {
		l.theirs, l.ours = subscriptions{}, subscriptions{}
	}
}

// dropOrders takes a link off every order.
func (e *Engine) dropOrders(l *link) {
	e.orders.feedersKnown = false
	for k := range e.orders.push {
		e.unpush(k, l)
	}
	e.orders.wishes = slices.DeleteFunc(e.orders.wishes, func(w wish) bool { return w.link == l })
}

// wishes notes from where on a neighbour wants a substream.
func (e *Engine) wishes(w wish) {
	e.granted(w.link, w.substream)
	if len(e.orders.wishes) < maxWishes {
		e.orders.wishes = append(e.orders.wishes, w)
	}
}

// granted takes a neighbour's wish off the list; false when there is none.
func (e *Engine) granted(l *link, k int) (from uint64, ok bool) {
	i := slices.IndexFunc(e.orders.wishes, func(w wish) bool { return w.link == l && w.substream == k })
	if i < 0 {
		return 0, false
	}
	from = e.orders.wishes[i].from
	e.orders.wishes = slices.Delete(e.orders.wishes, i, i+1)
	return from, true
}

// backlog pushes to a new target what it lacks of a substream since it lost its feeder, so that changing feeders
// costs a round trip and no repair. It yields to all that is new: where the uplink is short it would only make more late.
func (e *Engine) backlog(t target, k int, from uint64) {
	s, end := e.epoch.substreams, e.frontier.verified
	if from == 0 || from >= end {
		return
	}
	from = max(from, e.epoch.store.Floor(), end-min(end, mostBacklog*s))
	for n := from + (s+uint64(k)-from%s)%s; n < end; n += s {
		if e.epoch.store.Has(n) && !t.link.has.Has(n) && !t.link.sent.Has(n) {
			e.add(upload{key: e.now, number: n, link: t.link, expires: e.now + pushLife, class: scheduler.ClassExtra})
		}
	}
}

// unpush takes a link off the Push of substream k.
func (e *Engine) unpush(k int, l *link) {
	to := e.orders.push[k]
	kept := to[:0]
	for _, t := range to {
		if t.link != l {
			kept = append(kept, t)
		}
	}
	clear(to[len(kept):])
	e.orders.push[k] = kept
}

// committed is what the Push orders bind of the uplink, in bytes per second: each target takes its part of the rate.
func (e *Engine) committed() uint64 {
	if e.epoch == nil {
		return 0
	}
	targets := uint64(0)
	for k := range e.epoch.substreams {
		targets += uint64(len(e.orders.push[k]))
	}
	return targets * e.epoch.rate.perSecond() / e.epoch.substreams
}

// orderPush puts a Push in force for the links that are there; those that are not come back as refused, alone.
func (e *Engine) orderPush(a scheduler.Push) {
	if e.epoch == nil || a.Substream < 0 || uint64(a.Substream) >= e.epoch.substreams || len(a.To) > maxLinks {
		e.refuse(a, scheduler.RefusedMalformed)
		return
	}
	k := a.Substream
	bit := uint64(1) << k
	old := e.orders.push[k]
	fresh := make([]target, 0, len(a.To))
	var gone []scheduler.Target
	for _, t := range a.To {
		l := e.link(t.Link)
		switch {
		case l == nil || !l.up:
			gone = append(gone, t)
		case t.Class < scheduler.ClassRepair || t.Class > scheduler.ClassExtra || contains(fresh, l):
			e.refuse(a, scheduler.RefusedMalformed)
			return
		default:
			fresh = append(fresh, target{l, t.Class})
		}
	}
	if limit := e.cfg.Budget.Cap(); limit > 0 && len(fresh) > len(old) {
		more := uint64(len(fresh)-len(old)) * e.epoch.rate.perSecond() / e.epoch.substreams
		if e.committed()+more > limit {
			e.refuse(a, scheduler.RefusedOverCap)
			return
		}
	}
	if len(gone) > 0 {
		e.refuse(scheduler.Push{Substream: k, To: gone}, scheduler.RefusedNoLink)
	}
	e.orders.push[k] = fresh
	for _, t := range old {
		if !contains(fresh, t.link) && t.link.theirs.eager&bit != 0 {
			t.link.theirs.set(bit, swarm.None)
			e.deny(t.link, k, swarm.PolicyChoice)
		}
	}
	for _, t := range fresh {
		t.link.theirs.answered |= bit
		if from, ok := e.granted(t.link, k); ok && !contains(old, t.link) {
			e.backlog(t, k, from)
		}
	}
}

func contains(to []target, l *link) bool {
	for _, t := range to {
		if t.link == l {
			return true
		}
	}
	return false
}

// orderAnnounce puts an Announce in force, or ends it.
func (e *Engine) orderAnnounce(a scheduler.Announce) {
	l := e.upLink(a.Link)
	switch {
	case l == nil:
		e.refuse(a, scheduler.RefusedNoLink)
		return
	case a.Every < 0:
		e.refuse(a, scheduler.RefusedMalformed)
		return
	}
	if a.Every > 0 {
		a.Every = max(a.Every, announceLeast)
	}
	l.every = a.Every
	if l.every == 0 {
		return
	}
	l.theirs.answered |= l.theirs.lazy
	l.announceAt = e.now
	e.timers.sooner(alarmAnnounce, e.now)
}

// announceLeast is the least time between two Haves on one link.
const announceLeast = 5 * time.Millisecond

// orderRepair replaces the Repair order.
func (e *Engine) orderRepair(a scheduler.Repair) {
	if !(a.Deviations >= 0 && a.Deviations <= 1000) || !(a.Share >= 0 && a.Share <= 1) ||
		a.Slack < 0 || a.Slack > time.Hour || a.Unfed < 0 || a.Unfed > time.Hour {
		e.refuse(a, scheduler.RefusedMalformed)
		return
	}
	e.orders.repair = a
}

// upLink finds a link that is up; nil when there is none.
func (e *Engine) upLink(id swarm.LinkID) *link {
	if l := e.link(id); l != nil && l.up {
		return l
	}
	return nil
}
