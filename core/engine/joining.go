package engine

import (
	"math/bits"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
)

// joining is how a viewer catches up: it pulls what lies between the newest random-access group that a neighbour
// holds and the live edge, from all who hold it, at no more than joinShare times the stream's rate.
type joining struct {
	on     bool
	since  time.Duration
	next   uint64        // lowest number not yet asked for
	to     uint64        // the live edge when it began
	from   uint64        // the anchor
	came   time.Duration // when a chunk from before the live edge last came
	latest uint64        // where the newest random-access group begins that came by itself
}

const (
	joinShare  = 2.0                     // of the stream's rate
	joinAsks   = 512                     // chunks asked for at once
	keepsUpFor = 3                       // groups in a row that are complete, so that it counts as fed whatever pushes them
	joinStalls = 1500 * time.Millisecond // without one, until what is missing of it is given up
	joinLacks  = 32                      // of so many substreams one may be unfed, so that it counts as fed
)

// settles reports whether a viewer is still getting hold of the stream: until it has played for a while, it may ask for
// as much as nobody pushes yet.
func (e *Engine) settles() bool {
	p := &e.player
	switch {
	case e.joining.on:
		return true
	case e.cfg.Role != swarm.Viewer:
		return false
	case p.started:
		return e.now-p.begun < settling
	}
	return e.now-e.frontier.since < joinPatience
}

// consider looks at where a neighbour's Have says that a joiner may begin.
func (e *Engine) consider(l *link) {
	if e.cfg.Role == swarm.Source || l.anchor == 0 {
		return
	}
	f := &e.frontier
	end := l.has.End()
	if !f.begun && end > l.has.Base() {
		f.begin(end, e.now)
		f.hearsay = true
	}
	if e.cfg.Role != swarm.Viewer || e.player.started {
		return
	}
	anchor := l.anchor - 1
	if !f.begun || anchor >= f.start || !l.has.Has(anchor) && !l.has.Has(anchor+1) {
		return
	}
	j := &e.joining
	if j.on && anchor <= j.from {
		return
	}
	for len(e.asking.list) > 0 && e.asking.list[0].number < anchor {
		e.unask(0)
	}
	*j = joining{on: true, since: e.now, next: anchor, from: anchor, to: f.start, latest: j.latest}
	e.asking.tokens, e.asking.at = 32*float64(e.epoch.rate.chunkWire), e.now
	e.timers.sooner(alarmAsks, e.now)
}

// started takes notice of the first chunk that came by itself: where it begins, the frontier begins. Unless decoding
// can begin there too, the neighbours' Haves tell where to join.
func (e *Engine) started() { e.reconsider() }

func (e *Engine) reconsider() {
	for _, l := range e.links {
		if l.up && l.hasHave {
			e.consider(l)
		}
	}
}

// skip gives up a place to begin that has not been got hold of. By the time that a random-access group comes, the one
// before it should be complete; what is older than that need not be asked for any more.
func (e *Engine) skip(h *chunk.GroupHeader) {
	j := &e.joining
	if e.cfg.Role != swarm.Viewer || e.player.started || !h.RandomAccess || h.First <= j.latest {
		return
	}
	before := j.latest
	j.latest = h.First
	if e.waits() {
		before = h.First // nothing is asked for yet: there will be less to ask for
	}
	if before <= j.from {
		return
	}
	for len(e.asking.list) > 0 && e.asking.list[0].number < before {
		e.unask(0)
	}
	j.on, j.from, j.next = false, before, max(j.next, before)
}

// misled finds that decoding cannot begin where a neighbour has said, and looks where the others say.
func (e *Engine) misled(h *chunk.GroupHeader) {
	j := &e.joining
	if !j.on || j.from < h.First || j.from >= h.First+uint64(h.Total()) || h.RandomAccess && h.First == j.from {
		return
	}
	for _, l := range e.links {
		if l.anchor == j.from+1 {
			l.anchor = 0
		}
	}
	*j = joining{latest: j.latest}
	e.reconsider()
}

// waits reports whether a joiner lets pulls and playing be until it is fed, as Repair.Unfed says.
func (e *Engine) waits() bool {
	if e.cfg.Role != swarm.Viewer || e.player.started || e.now-e.frontier.since >= e.unfedFor() {
		return false
	}
	return bits.OnesCount64(e.unfed()) > int(e.epoch.substreams)/joinLacks && !e.keepsUp()
}

// unfedFor is how long one waits to be fed at the most.
func (e *Engine) unfedFor() time.Duration {
	if e.player.resumes {
		return min(e.orders.repair.Unfed, resumesUnfed)
	}
	return e.orders.repair.Unfed
}

// keepsUp reports whether the newest groups that came live are complete, but for the one that is coming: where chunks are
// few, it takes long until each substream has brought one.
func (e *Engine) keepsUp() bool {
	groups := e.epoch.store.From(0)
	run := 0
	for i := len(groups) - 1; i >= 0 && run < keepsUpFor && e.isLive(groups[i].Header()); i-- {
		switch {
		case groups[i].Complete():
			run++
		case i < len(groups)-1:
			return false
		}
	}
	return run == keepsUpFor
}

// unfed is the set of substreams that nobody pushes.
func (e *Engine) unfed() uint64 {
	set := e.all()
	for _, l := range e.links {
		set &^= l.ours.eager & l.ours.answered
	}
	return set
}

// ready reports whether a viewer that can begin at chunk n does. It first gets hold of what it has missed live; one that somebody had
// no room for, of all that it asks for: where uplinks are busy, that may well not come before it is due.
func (e *Engine) ready(n uint64) bool {
	p := &e.player
	if e.orders.repair.Unfed == 0 {
		n = max(n, e.frontier.start)
	}
	if !e.asksFrom(n) {
		return true
	}
	if p.could == 0 {
		p.could = e.now
	}
	within := readyWithin
	if p.resumes {
		within = resumesWithin
	}
	e.timers.sooner(alarmPlayout, p.could+within)
	return e.now >= p.could+within
}

const (
	readyWithin   = time.Second            // how long one that can begin waits at the most
	readyLacks    = 32                     // of so many chunks one may be missing for it to begin
	resumesUnfed  = time.Second            // how long one that has played the epoch before waits to be fed: its feeders are as they were
	resumesWithin = 500 * time.Millisecond // and how long once it can begin
)

// asksFrom reports whether more of the chunks from n on are missing and asked for than are lost and mended at any time.
func (e *Engine) asksFrom(n uint64) bool {
	a, lacks := &e.asking, uint64(0)
	for i := len(a.list) - 1; i >= 0 && a.list[i].number >= n; i-- {
		if e.lacks(a.list[i].number) {
			lacks++
		}
	}
	return lacks*readyLacks > max(e.frontier.verified, n)-n
}

// joinMore asks for more of what a joiner lacks.
func (e *Engine) joinMore() {
	j := &e.joining
	if !j.on {
		return
	}
	j.next = max(j.next, e.epoch.store.Floor())
	if e.player.started {
		j.next = max(j.next, e.player.first)
	}
	for ; j.next < j.to && len(e.asking.list) < joinAsks; j.next++ {
		if e.lacks(j.next) {
			e.ask(j.next)
		}
	}
}

// joinOver ends the join: from then on what is asked for is repair.
func (e *Engine) joinOver() {
	j := &e.joining
	if j.on && (j.next >= j.to && len(e.asking.list) == 0 || e.now-j.since > joinPatience) {
		j.on = false
	}
}

// rejoin begins anew at n, because too much is missing to be repaired.
func (e *Engine) rejoin(n uint64) {
	f := &e.frontier
	f.missing = f.missing[:0]
	f.begin(n, e.now)
	for len(e.asking.list) > 0 {
		e.unask(len(e.asking.list) - 1)
	}
	e.joining = joining{}
	e.player.lost()
	e.reconsider()
}

// isLive reports whether a group came after this peer had joined, so that its arrival says something about delay.
func (e *Engine) isLive(h *chunk.GroupHeader) bool { return h.First >= e.frontier.start }
