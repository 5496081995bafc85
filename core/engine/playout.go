package engine

import (
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/swarm"
)

// player decides what a viewer plays, and when.
//
// Groups are delivered in order, as soon as they are complete. A group is due a certain time, the lead, after its
// media time; one that is not complete then is given up, and what follows goes on. See lead.go for how the lead
// adapts.
//
//	        delivered, not yet due        next
//	played |  ======================== |  === == = == |  not known to exist
type player struct {
	resumes bool          // it played the epoch before, and has yet to play this one
	started bool          // somewhere to begin was found
	played  bool          // a group of any epoch has been due
	next    uint64        // group to be delivered next
	first   uint64        // number that its chunks begin with, as far as known
	time    time.Duration // media time at which it begins, as predicted
	span    time.Duration // that it takes, as predicted
	queue   []delivered   // not yet due
	missing bool          // the last group that was due was given up
	lastDue time.Duration

	could     time.Duration // since when it could begin; 0 for not yet
	caught    caught
	begun     time.Duration // when started became true
	waited    time.Duration // by how much the lead was stretched since, beyond waitUpTo
	waitsFor  uint64        // the group that was last waited for
	waitedFor time.Duration // how long
	lag       lagWindow
	aim       time.Duration // media end -> due, on the local clock; see lead.go
	aimAt     time.Duration
	known     bool          // aim rests on groups that came live
	behind    time.Duration // delay of the newest complete group, by the source's clock
	top       uint64        // newest complete group, plus one
}

// delivered is a group that the player has, and that is not yet due.
type delivered struct {
	due  time.Duration
	span time.Duration
	born int64
	data uint64
}

// caught says how a joiner catches up: media from it on is due at catchUpSpeed, until that reaches the live lead.
type caught struct {
	on   bool
	time time.Duration // media
	at   time.Duration // when it began
}

func (p *player) reset() { *p = player{lag: newLagWindow()} }

// newEpoch forgets where playing was; what was delivered stays due.
func (p *player) newEpoch() {
	*p = player{resumes: p.started || p.resumes, played: p.played, queue: p.queue, lastDue: p.lastDue, lag: newLagWindow(), missing: p.missing}
}

// lost gives up the place: playing goes on at the newest random-access group.
func (p *player) lost() { p.started = false }

// seen takes notice of the first chunk of a group. If even that comes after its group was due, the whole stream is late,
// and the lead grows before the group is given up.
func (e *Engine) seen(h *chunk.GroupHeader) {
	p := &e.player
	if !e.isLive(h) {
		return
	}
	lag := e.now - h.Time - h.Span
	if least := slices.Min(p.lag.least[:]); h.Group >= p.top && least != noLeast && lag < least-mediaLeap {
		p.lag, p.known = newLagWindow(), false // media time has leapt: what was learnt of it is of no use
	}
	p.lag.first(e.now, lag)
	if e.cfg.Role == swarm.Viewer && p.known && h.Group >= p.next && lag >= p.aim {
		p.lag.complete(e.now, lag+lateGrace)
		e.adapt()
	}
}

// groupComplete takes notice that all data of a group is held.
func (e *Engine) groupComplete(g *chunk.GroupState) {
	p, h := &e.player, g.Header()
	if h.Group+1 > p.top {
		p.top = h.Group + 1
		p.behind = time.Duration(e.clock.unix(e.now)-h.Born) * time.Microsecond
	}
	if e.cfg.Role != swarm.Viewer {
		return
	}
	if e.isLive(h) {
		if p.started && e.now-p.begun > settling {
			p.lag.complete(e.now, e.now-h.Time-h.Span)
		}
		e.adapt()
	}
	if !p.started {
		e.start()
	}
	if p.started {
		e.play()
	}
}

// start begins at the newest random-access group that is complete, unless it waits to be fed first. One from before the
// anchor is passed over: what follows it is not asked for any more.
func (e *Engine) start() {
	if e.waits() {
		return
	}
	groups := e.epoch.store.From(0)
	for i := len(groups) - 1; i >= 0; i-- {
		h := groups[i].Header()
		if !h.RandomAccess || !groups[i].Complete() || h.Group < e.player.next || h.First < e.joining.from {
			continue
		}
		if !e.ready(h.First) {
			return
		}
		p := &e.player
		p.could, p.started, p.resumes = 0, true, false
		e.leap(h)
		p.next, p.first, p.time, p.span = h.Group, h.First, h.Time, h.Span
		p.caught = caught{on: true, time: h.Time, at: e.now}
		p.begun, p.waited = e.now, 0
		return
	}
}

// leap tells of the gap between where playing was given up and where it begins again.
func (e *Engine) leap(h *chunk.GroupHeader) {
	p := &e.player
	if p.next == 0 || h.Group <= p.next {
		return
	}
	gap := chunk.GroupHeader{Epoch: e.id(), Group: p.next, First: p.first, Time: p.time, Span: max(h.Time-p.time, 0)}
	e.show(&Delivery{Group: chunk.Group{GroupHeader: gap}, Due: max(e.now, p.lastDue)})
	e.missed(h.Group-p.next, 0, 0)
}

// play delivers what is complete and in order, and gives up what is not and due.
func (e *Engine) play() {
	p := &e.player
	e.timers.set(alarmPlayout, never)
	for p.started && len(p.queue) < maxDue {
		if g, ok := e.epoch.store.Group(p.next); ok {
			h := g.Header()
			p.first, p.time, p.span = h.First, h.Time, h.Span
			if payload, ok := g.Assemble(); ok {
				e.deliver(h, payload)
				continue
			}
		} else if e.frontier.verified <= p.first {
			return // it is not known to exist
		}
		due := e.due(p.time, p.span)
		if e.now >= due && e.wait() {
			due = max(e.due(p.time, p.span), e.now+waitStep)
		}
		if e.now < due {
			e.timers.set(alarmPlayout, due)
			return
		}
		e.giveUp(due)
	}
}

// deliver hands a complete group to the player.
func (e *Engine) deliver(h *chunk.GroupHeader, payload []byte) {
	p := &e.player
	d := Delivery{Group: chunk.Group{GroupHeader: *h, Payload: payload}, Due: e.due(h.Time, h.Span)}
	e.show(&d)
	p.queue = append(p.queue, delivered{due: d.Due, span: h.Span, born: h.Born, data: uint64(h.Data)})
	e.timers.set(alarmDue, p.queue[0].due)
	p.lastDue = d.Due
	p.next, p.first, p.time = h.Group+1, h.First+uint64(h.Total()), h.Time+h.Span
}

// show puts a delivery among those of the next Ready.
func (e *Engine) show(d *Delivery) {
	if !e.epoch.shown {
		e.epoch.shown = true
		d.Descriptor = e.epoch.descriptor
	}
	e.out.Deliver = append(e.out.Deliver, *d)
}

// giveUp drops the group that is due and not complete. Of one of which nothing came, time and span are guessed
// from its neighbours.
func (e *Engine) giveUp(due time.Duration) {
	p := &e.player
	h := chunk.GroupHeader{Epoch: e.id(), Group: p.next, First: p.first, Time: p.time, Span: p.span}
	count, held, needed := uint64(1), 0, 0
	if g, ok := e.epoch.store.Group(p.next); ok {
		h = *g.Header()
		held, needed = g.Data(), int(h.Data)
		p.first, p.time = h.First+uint64(h.Total()), h.Time+h.Span
	} else {
		later := e.epoch.store.From(p.next)
		if len(later) == 0 {
			p.started = false // everything after it has gone from the store
			return
		}
		next := later[0].Header()
		between := next.Group - p.next
		h.Span = max(next.Time-p.time, 0) / time.Duration(between)
		if between > maxGapGroups {
			count, h.Span = between, max(next.Time-p.time, 0)
		}
		p.time += h.Span
		if between == count {
			p.first = next.First
		} else {
			p.first++ // somewhere below the next known group; it is known to exist
		}
	}
	e.show(&Delivery{Group: chunk.Group{GroupHeader: h}, Due: due})
	e.event(event.GroupMissed{Stream: e.cfg.Stream, Epoch: e.id(), Group: h.Group, Held: held, Needed: needed})
	p.next += count
	e.missed(count, uint64(needed), uint64(held))
}

// missed counts groups that were given up.
func (e *Engine) missed(groups, chunks, held uint64) {
	c := &e.count
	c.Groups.Due += groups
	c.Groups.Missed += groups
	c.Chunks.Due += chunks
	c.Chunks.Held += held
	if !e.player.missing {
		c.Groups.Stalls++
	}
	e.player.missing = true
}

// groupsDue counts the delivered groups that are due by now.
func (e *Engine) groupsDue() {
	p, c := &e.player, &e.count
	for len(p.queue) > 0 && p.queue[0].due <= e.now {
		d := p.queue[0]
		p.queue = slices.Delete(p.queue, 0, 1)
		c.Groups.Due++
		c.Groups.Complete++
		c.Chunks.Due += d.data
		c.Chunks.Held += d.data
		p.missing = false
		if e.clock.known && d.born >= e.clock.unix(e.began) {
			c.playout.Add(e.clock.unix(e.now) - d.born)
		}
		if !p.played {
			p.played = true
			e.self.status = true
			c.Startup = e.now - e.began
			e.event(event.PlaybackStarted{Stream: e.cfg.Stream, Startup: c.Startup})
		}
	}
	if len(p.queue) > 0 {
		e.timers.set(alarmDue, p.queue[0].due)
	}
	if e.epoch != nil && p.started {
		e.play()
	}
}
