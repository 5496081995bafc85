package engine

import (
	"math/bits"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
)

// sayHave tells a neighbour what is held, if anything is.
func (e *Engine) sayHave(l *link) {
	if ep := e.epoch; ep != nil && ep.held > 0 {
		l.announced = ep.held
		e.sendFrame(l, e.haveFrame())
	}
}

func (e *Engine) haveFrame() []byte {
	ep := e.epoch
	e.mail.have = swarm.Have{Epoch: ep.descriptor.Epoch, Window: *ep.store.Window(), Anchor: ep.anchor}
	frame := e.encodeControl(&e.mail.have)
	e.mail.have = swarm.Have{} // it aliases the store
	return frame
}

// announce carries out the Announce orders: one frame serves all that are due, and nothing is said that has not
// changed.
func (e *Engine) announce() {
	next := never
	var frame []byte
	for _, l := range e.links {
		if l.every == 0 || !l.up {
			continue
		}
		if l.announceAt <= e.now {
			l.announceAt = max(l.announceAt+l.every, e.now+l.every/2)
			if ep := e.epoch; ep != nil && ep.held != l.announced && ep.held > 0 {
				if frame == nil {
					frame = e.haveFrame()
				}
				l.announced = ep.held
				e.sendFrame(l, frame)
			}
		}
		next = min(next, l.announceAt)
	}
	e.timers.set(alarmAnnounce, next)
}

// neighbourHave takes what a neighbour says it holds. What it proved to hold since it said so is not forgotten.
func (e *Engine) neighbourHave(l *link, m *swarm.Have) {
	if e.epoch == nil || m.Epoch != e.id() || m.Rendition != 0 {
		return
	}
	first := !l.hasHave
	l.hasHave, l.anchor = true, m.Anchor
	e.feedsLazily(l)
	l.has.Advance(m.Window.Base())
	limit := e.believable()
	base, words := m.Window.Base(), m.Window.Words()
	for i, w := range words {
		at := base + uint64(i)*64
		w &^= word(&l.has, at)
		for ; w != 0; w &= w - 1 {
			n := at + uint64(bits.TrailingZeros64(w))
			if n >= limit {
				break
			}
			l.has.Add(n)
			if !first {
				e.sampleOffer(l, n)
			}
		}
	}
	l.holdsNew = true
	e.consider(l)
	if end := l.has.End(); e.frontier.begun && end > l.has.Base() && end > e.frontier.next {
		e.passOffered(end - 1)
	}
	if len(e.asking.list) > 0 {
		e.askSooner(e.now)
	}
}

// believable bounds the numbers that a neighbour's word is taken for: a second or two beyond the newest chunk
// verified here, more only when none has come for a while.
func (e *Engine) believable() uint64 {
	f := &e.frontier
	switch {
	case f.verified == 0:
		return swarm.MaxNumber
	case e.now-f.at > starved:
		return f.verified + maxAhead
	}
	return f.verified + e.soon()
}

// word is the 64 numbers of w from at on, a multiple of 64.
func word(w *chunk.Window, at uint64) uint64 {
	words := w.Words()
	if i := (at - w.Base()) / 64; at >= w.Base() && i < uint64(len(words)) {
		return words[i]
	}
	return 0
}

// holdsSome reports whether a peer with the window w holds a chunk of the group of h.
func holdsSome(w *chunk.Window, h *chunk.GroupHeader) chunk.Knowledge {
	end := h.First + uint64(h.Total())
	for at := h.First &^ 63; at < end; at += 64 {
		bits := word(w, at)
		if at < h.First {
			bits &= ^uint64(0) << (h.First - at)
		}
		if end-at < 64 {
			bits &= 1<<(end-at) - 1
		}
		if bits != 0 {
			return chunk.HoldsSome
		}
	}
	return chunk.HoldsNothing
}

// cancelled takes that a neighbour holds some chunks by now: they are neither pushed to it nor owed.
func (e *Engine) cancelled(l *link, m *swarm.Cancel) {
	if e.epoch == nil || m.Epoch != e.id() || m.Rendition != 0 {
		return
	}
	limit := e.believable()
	for _, n := range m.Numbers {
		if n >= limit || n < e.epoch.store.Floor() {
			continue
		}
		if l.has.Add(n) {
			e.sampleOffer(l, n)
		}
	}
	if len(e.asking.list) > 0 {
		e.askSooner(e.now)
	}
}

// cancelLater tells the other eager feeders of a substream that a chunk of it is held, with the next Ready: those who
// may still be kept from sending it. Whoever is usually no later than a round trip has sent it by then, and who pushes nothing
// yet will hardly begin with it.
func (e *Engine) cancelLater(n uint64, k int, from *link) {
	if n < e.frontier.start {
		return // it is old: nobody pushes it
	}
	for _, l := range e.feeders(k) {
		if l != from && l.ours.answered&(1<<k) != 0 && !l.tooQuick(k) {
			e.spare(l, n)
		}
	}
}

// excuse lets the other eager feeders of a substream off a chunk of it that came by itself. One that had to be asked
// for excuses nobody: that a feeder did not bring it is how a dead one is found.
func (e *Engine) excuse(k int, from *link) {
	for _, l := range e.feeders(k) {
		if l != from {
			l.feed(k).spoke = e.now
		}
	}
}

// spare has a neighbour told that n is held, once. What finds no room is not told.
func (e *Engine) spare(l *link, n uint64) {
	if i := len(l.cancels); i < swarm.MaxWant && (i == 0 || l.cancels[i-1] != n) {
		l.cancels = append(l.cancels, n)
		e.cancels = true
	}
}

func (e *Engine) flushCancels() {
	if e.epoch == nil || !e.cancels {
		return
	}
	e.cancels = false
	for _, l := range e.links {
		if len(l.cancels) > 0 {
			e.mail.cancel = swarm.Cancel{Epoch: e.id(), Numbers: l.cancels}
			e.send(l, &e.mail.cancel)
			l.cancels = l.cancels[:0]
		}
	}
}
