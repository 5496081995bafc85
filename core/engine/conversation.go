package engine

import (
	"math/bits"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// talk is the conversation with the policy. What happened waits in pending, in order; what is only a state (of the
// stream, the uplink, a link's figures, holdings) is marked as changed and described when the next batch is made,
// so that it is told once however often it changed.
type talk struct {
	revision    uint64
	outstanding bool // a batch is out, and its answer has not come
	snapshot    bool // the next batch is one
	wanted      bool // a batch is to be made, empty if nothing has changed
	quiet       bool // a beat has passed: what is not urgent may be told

	pending  []scheduler.Change
	stream   bool
	capacity bool
	measured bool // the second's figures are there
	held     bool

	watch         scheduler.Watch
	heldAt, holds time.Duration // when Held and Holds were last sent
}

// change is told to the policy with the next batch. Beyond scheduler.MaxChanges all is dropped, and a snapshot
// is made instead.
func (e *Engine) change(c scheduler.Change) {
	t := &e.talk
	if t.snapshot {
		if _, refused := c.(scheduler.Refused); !refused {
			return // the snapshot will show it
		}
	}
	if len(t.pending) >= scheduler.MaxChanges {
		clear(t.pending)
		t.pending, t.snapshot = t.pending[:0], true
		return
	}
	t.pending = append(t.pending, c)
}

func (t *talk) watches(a scheduler.Watch) {
	t.watch = scheduler.Watch{Held: max(a.Held, 0), Holds: max(a.Holds, 0), Late: max(a.Late, 0)}
}

// late tells of an overdue chunk.
func (e *Engine) late(n uint64) {
	if e.talk.watch.Late > 0 {
		c := scheduler.Late{Number: n, Deadline: e.now + pushLife}
		if g := e.epoch.store.Of(n); g != nil && e.player.started {
			c.Deadline = e.due(g.Header().Time, g.Header().Span)
		}
		e.change(c)
	}
}

// Restart tells that the policy was replaced: the next batch is a snapshot, and the answer outstanding will not come.
// Orders stay in force.
func (e *Engine) Restart(now time.Duration) {
	e.at(now)
	t := &e.talk
	clear(t.pending)
	*t = talk{revision: t.revision, snapshot: true, wanted: true, pending: t.pending[:0]}
	e.timers.set(alarmPolicy, never)
}

// Snapshot describes the state outside of the conversation, for a policy on probation. Its revision is 0.
func (e *Engine) Snapshot(now time.Duration) scheduler.Batch {
	e.at(now)
	return scheduler.Batch{Now: e.now, Snapshot: true, Changes: e.describe(nil)}
}

// converse makes the next batch, when there is something to say and nobody has yet to answer.
func (e *Engine) converse() {
	t := &e.talk
	if t.outstanding {
		return
	}
	urgent := t.snapshot || t.wanted || t.stream || len(t.pending) > 0 || e.watchDue() <= e.now
	if !urgent && (!t.quiet || !e.anyState()) {
		e.timers.sooner(alarmPolicy, e.watchDue())
		return
	}
	t.revision++
	b := &scheduler.Batch{Revision: t.revision, Now: e.now, Snapshot: t.snapshot}
	if t.snapshot {
		b.Changes = e.describe(slices.Clone(t.pending)) // refusals alone
	} else {
		b.Changes = e.news()
	}
	clear(t.pending)
	t.pending = t.pending[:0]
	t.snapshot, t.wanted, t.quiet, t.stream, t.capacity, t.measured = false, false, false, false, false, false
	t.outstanding = true
	e.out.Batch = b
}

// anyState reports whether something that is not urgent has changed.
func (e *Engine) anyState() bool {
	return e.talk.capacity || e.talk.measured || slices.ContainsFunc(e.links, func(l *link) bool { return l.up && l.statusIs })
}

// watchDue is when Held or Holds are to be sent; never when nothing is watched or has changed.
func (e *Engine) watchDue() time.Duration {
	t := &e.talk
	due := never
	if t.watch.Held > 0 && t.held {
		due = t.heldAt + t.watch.Held
	}
	if t.watch.Holds > 0 && slices.ContainsFunc(e.links, func(l *link) bool { return l.up && l.holdsNew }) {
		due = min(due, t.holds+t.watch.Holds)
	}
	return due
}

// news is what changed since the batch before.
func (e *Engine) news() []scheduler.Change {
	t := &e.talk
	out := make([]scheduler.Change, 0, len(t.pending)+4)
	if t.stream {
		out = append(out, e.describeStream())
	}
	if t.capacity {
		out = append(out, e.self.capacity)
	}
	out = append(out, t.pending...)
	for _, l := range e.links {
		if l.up && l.statusIs {
			l.statusIs = false
			out = append(out, scheduler.PeerStatus{Link: l.id, Status: l.status})
		}
	}
	if t.measured {
		out = e.appendMeasured(out)
	}
	return e.appendHoldings(out)
}

// appendHoldings adds what is watched and due.
func (e *Engine) appendHoldings(out []scheduler.Change) []scheduler.Change {
	t := &e.talk
	if t.watch.Held > 0 && t.held && t.heldAt+t.watch.Held <= e.now && e.epoch != nil {
		t.held, t.heldAt = false, e.now
		w := e.epoch.store.Window()
		out = append(out, scheduler.Held{Base: w.Base(), Words: slices.Clone(w.Words())})
	}
	if t.watch.Holds > 0 && t.holds+t.watch.Holds <= e.now {
		for _, l := range e.links {
			if l.up && l.holdsNew {
				l.holdsNew, t.holds = false, e.now
				out = append(out, scheduler.Holds{Link: l.id, Base: l.has.Base(), Words: slices.Clone(l.has.Words())})
			}
		}
	}
	return out
}

func (e *Engine) describeStream() scheduler.Stream {
	s := scheduler.Stream{
		Stream: e.cfg.Stream, Self: e.cfg.Self, Role: e.cfg.Role, MaxLinks: e.cfg.MaxLinks, Seed: e.cfg.Seed,
	}
	if ep := e.epoch; ep != nil {
		s.Epoch, s.Substreams, s.GroupSpan = ep.descriptor.Epoch, ep.descriptor.Substreams, ep.descriptor.GroupSpan
		s.Rate, s.ChunkWire, s.Paused = ep.rate.perSecond(), ep.rate.chunkWire, e.frontier.paused
	}
	return s
}

// describe is the whole state: what a policy needs that knows nothing.
func (e *Engine) describe(out []scheduler.Change) []scheduler.Change {
	refused := out
	out = append([]scheduler.Change(nil), e.describeStream(), e.self.capacity)
	if n := len(e.candidates.list); n > 0 {
		known := make([]swarm.Candidate, n)
		for i := range e.candidates.list {
			known[i] = e.candidates.list[i].Candidate
		}
		out = append(out, scheduler.Candidates{Peers: known})
	}
	for _, l := range e.links {
		if l.up {
			out = e.describeLink(out, l)
		}
	}
	if e.epoch != nil {
		for k := range int(e.epoch.substreams) {
			if to := e.orders.push[k]; len(to) > 0 {
				p := scheduler.Push{Substream: k, To: make([]scheduler.Target, len(to))}
				for i, t := range to {
					p.To[i] = scheduler.Target{Link: t.link.id, Class: t.class}
				}
				out = append(out, scheduler.Order{Action: p})
			}
		}
	}
	out = append(out, scheduler.Order{Action: e.orders.repair})
	return append(out, refused...)
}

func (e *Engine) describeLink(out []scheduler.Change, l *link) []scheduler.Change {
	out = append(out, scheduler.LinkUp{
		Link: l.id, Peer: l.peer, Role: l.role, Dialed: l.dialed, Status: l.status, RTT: l.rtt, MaxLinks: l.maxLinks,
	})
	for set := l.theirs.eager | l.theirs.lazy; set != 0; set &= set - 1 {
		k := bits.TrailingZeros64(set)
		out = append(out, scheduler.Subscribed{Link: l.id, Substream: k, Mode: l.theirs.mode(k)})
	}
	if l.every > 0 {
		out = append(out, scheduler.Order{Action: scheduler.Announce{Link: l.id, Every: l.every}})
	}
	if l.ours.eager != 0 {
		out = append(out, scheduler.Order{Action: scheduler.Subscribe{Link: l.id, Substreams: l.ours.eager, Mode: swarm.Eager}})
	}
	for set := l.ours.eager; set != 0; set &= set - 1 {
		switch k := bits.TrailingZeros64(set); {
		case l.ours.answered&(1<<k) != 0:
			out = append(out, scheduler.Feeding{Link: l.id, Substream: k, Mode: swarm.Eager})
		case l.feeds.at(k).silent:
			out = append(out, scheduler.Silent{Link: l.id, Substream: k, For: e.now - l.feeds.at(k).spoke})
		}
	}
	if l.ours.lazy != 0 {
		out = append(out, scheduler.Order{Action: scheduler.Subscribe{Link: l.id, Substreams: l.ours.lazy, Mode: swarm.Lazy}})
	}
	return out
}
