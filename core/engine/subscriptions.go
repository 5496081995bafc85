package engine

import (
	"math/bits"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// Two ends may subscribe to one substream of each other: what one sends the other it never sends back, for a chunk that
// came over a link, or is known to be held at its other end, is not pushed there. What must not be is two peers
// that each have the other as their only feeder: they would wait for one another. So a neighbour that feeds us a
// substream alone is denied that substream.

// subscribed takes a neighbour's subscription. The policy answers it with a Push, an Announce or Refuse.
func (e *Engine) subscribed(l *link, m *swarm.Subscribe) {
	if e.epoch == nil || m.Mode > swarm.Eager {
		return
	}
	if m.Mode == swarm.None {
		e.theyEnd(l, m.Substreams)
		return
	}
	for set := m.Substreams & e.all(); set != 0; set &= set - 1 {
		k := bits.TrailingZeros64(set)
		bit := uint64(1) << k
		if l.theirs.mode(k) == m.Mode {
			continue
		}
		if m.Mode == swarm.Eager && e.feedsAlone(l, bit) {
			e.deny(l, k, swarm.WouldLoop)
			continue
		}
		l.theirs.set(bit, m.Mode)
		if m.Mode == swarm.Eager {
			e.wishes(wish{l, k, m.From})
			l.told.by = e.now // how far this peer is from the source concerns it now
		}
		e.change(scheduler.Subscribed{Link: l.id, Substream: k, Mode: m.Mode, From: m.From})
	}
}

// feedsAlone reports whether l is the only eager feeder of a substream.
func (e *Engine) feedsAlone(l *link, bit uint64) bool {
	if l.ours.eager&bit == 0 || e.cfg.Role == swarm.Source {
		return false
	}
	return len(e.feeders(bits.TrailingZeros64(bit))) == 1
}

// unsubscribed ends subscriptions: the neighbour's to us where it has one, else ours to it, for the pusher may say
// it too.
func (e *Engine) unsubscribed(l *link, m *swarm.Unsubscribe) {
	if e.epoch == nil {
		return
	}
	set := m.Substreams & e.all()
	theirs := set & (l.theirs.eager | l.theirs.lazy)
	e.theyEnd(l, theirs)
	e.feedingEnds(l, set&^theirs, m.Reason)
}

func (e *Engine) theyEnd(l *link, set uint64) {
	set &= (l.theirs.eager | l.theirs.lazy) & e.all()
	l.theirs.set(set, swarm.None)
	for ; set != 0; set &= set - 1 {
		k := bits.TrailingZeros64(set)
		e.unpush(k, l)
		e.granted(l, k)
		e.change(scheduler.Unsubscribed{Link: l.id, Substream: k})
	}
}

// weSubscribe changes our subscriptions to a neighbour.
func (e *Engine) weSubscribe(l *link, set uint64, m swarm.Mode) {
	l.ours.set(set, m)
	e.orders.feedersKnown = false
}

// feeders lists the eager feeders of substream k. It is looked at for every chunk, and made anew only when a
// subscription has changed.
func (e *Engine) feeders(k int) []*link {
	o := &e.orders
	if !o.feedersKnown {
		o.feedersKnown = true
		for i := range o.feeders {
			clear(o.feeders[i])
			o.feeders[i] = o.feeders[i][:0]
		}
		for _, l := range e.links {
			for set := l.ours.eager; set != 0; set &= set - 1 {
				i := bits.TrailingZeros64(set)
				o.feeders[i] = append(o.feeders[i], l)
			}
		}
	}
	return o.feeders[k]
}

// feedingEnds takes that a neighbour feeds us some substreams no more.
func (e *Engine) feedingEnds(l *link, set uint64, reason swarm.Reason) {
	set &= (l.ours.eager | l.ours.lazy) & e.all()
	e.weSubscribe(l, set, swarm.None)
	for ; set != 0; set &= set - 1 {
		e.change(scheduler.Feeding{Link: l.id, Substream: bits.TrailingZeros64(set), Mode: swarm.None, Reason: reason})
	}
}

// feedingWillEnd takes notice that a neighbour gives our seat to another.
func (e *Engine) feedingWillEnd(l *link, k uint32) {
	if k < uint32(e.epoch.substreams) && l.ours.eager&(1<<k) != 0 {
		e.change(scheduler.Feeding{Link: l.id, Substream: int(k), Mode: swarm.Eager, Reason: swarm.Outbid})
	}
}

// feedsEagerly takes notice that a neighbour pushes a substream that we subscribed to.
func (e *Engine) feedsEagerly(l *link, k int) {
	bit := uint64(1) << k
	if l.ours.eager&bit != 0 && l.ours.answered&bit == 0 {
		l.ours.answered |= bit
		e.change(scheduler.Feeding{Link: l.id, Substream: k, Mode: swarm.Eager})
	}
}

// feedsLazily takes notice that a neighbour announces.
func (e *Engine) feedsLazily(l *link) {
	for set := l.ours.lazy &^ l.ours.answered; set != 0; set &= set - 1 {
		e.change(scheduler.Feeding{Link: l.id, Substream: bits.TrailingZeros64(set), Mode: swarm.Lazy})
	}
	l.ours.answered |= l.ours.lazy
}

// all is the set of all substreams.
func (e *Engine) all() uint64 {
	if e.epoch == nil {
		return 0
	}
	return ^uint64(0) >> (64 - e.epoch.substreams)
}

// deny refuses a subscription.
func (e *Engine) deny(l *link, k int, reason swarm.Reason) {
	e.send(l, &swarm.Deny{Epoch: e.id(), Substream: uint32(k), Reason: reason})
}

// orderSubscribe asks a neighbour for substreams.
func (e *Engine) orderSubscribe(a scheduler.Subscribe) {
	l := e.upLink(a.Link)
	switch {
	case l == nil:
		e.refuse(a, scheduler.RefusedNoLink)
		return
	case e.epoch == nil || a.Mode > swarm.Eager || a.Substreams&^e.all() != 0:
		e.refuse(a, scheduler.RefusedMalformed)
		return
	}
	if a.Mode == swarm.None {
		if set := a.Substreams & (l.ours.eager | l.ours.lazy); set != 0 {
			e.weSubscribe(l, set, swarm.None)
			e.send(l, &swarm.Unsubscribe{Substreams: set})
		}
		return
	}
	if e.candidates.isBanned(l.peer, e.now) { // see Suspect
		e.refuse(a, scheduler.RefusedNoPeer)
		return
	}
	e.weSubscribe(l, a.Substreams, a.Mode)
	for set := a.Substreams; set != 0; set &= set - 1 {
		f := l.feed(bits.TrailingZeros64(set))
		f.spoke, f.silent = e.now, false
	}
	e.send(l, &swarm.Subscribe{Substreams: a.Substreams, Mode: a.Mode, From: e.lacking(a.Substreams)})
}

// lacking is the lowest number of some substreams that is known to exist, new enough to be pushed, and not held; one
// past the frontier when there is none. Of an epoch that follows another, all is wanted.
func (e *Engine) lacking(set uint64) uint64 {
	f, s := &e.frontier, e.epoch.substreams
	for n := max(f.start, f.next-min(f.next, mostBacklog*s)); n < f.next; n++ {
		if set&(1<<(n%s)) != 0 && !e.epoch.store.Has(n) && e.needs(n) {
			return n
		}
	}
	if f.carries && !f.begun {
		return 1 // 0 would say that nothing is wanted
	}
	return f.next
}

// orderRefuse denies a neighbour's subscription.
func (e *Engine) orderRefuse(a scheduler.Refuse) {
	l := e.upLink(a.Link)
	switch {
	case l == nil:
		e.refuse(a, scheduler.RefusedNoLink)
		return
	case e.epoch == nil || a.Substream < 0 || uint64(a.Substream) >= e.epoch.substreams:
		e.refuse(a, scheduler.RefusedMalformed)
		return
	}
	if a.Reason != swarm.Outbid {
		l.theirs.set(1<<a.Substream, swarm.None)
		e.unpush(a.Substream, l)
		e.granted(l, a.Substream)
	}
	e.deny(l, a.Substream, a.Reason)
}
