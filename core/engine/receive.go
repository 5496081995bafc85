package engine

import (
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/swarm"
)

// Chunk takes a frame of a link's chunk channel; it begins at the type, for the host took the index off. The frame
// belongs to the engine from then on.
func (e *Engine) Chunk(now time.Duration, id swarm.LinkID, frame []byte) {
	e.at(now)
	l := e.link(id)
	if l == nil || !l.up {
		return // it has overtaken the peer's Hello, or the link is gone: repair brings it again
	}
	l.hears(now)
	if at, ok := swarm.ParsePadding(frame); ok {
		l.arrived(len(frame) + e.cfg.Overhead)
		l.in.stamped(at, e.now)
		return
	}
	f := &e.frame
	if swarm.ParseChunk(frame, f) != nil {
		e.wrong(l)
		return
	}
	c := &f.Chunk
	wire := len(frame) + c.Length() - len(c.Payload) + e.cfg.Overhead
	l.arrived(wire) // of whatever epoch: its sender counts it
	l.flow.received += uint64(wire)
	l.flow.chunks++
	if f.Stamped {
		l.in.stamped(f.Stamp, e.now)
	}
	if e.epoch == nil || c.Header.Epoch != e.id() || c.Header.Rendition != 0 {
		return
	}
	if e.cfg.Role == swarm.Source {
		e.count.Chunks.Duplicate++
		return
	}
	n := c.ID().Number
	store := e.epoch.store
	if n < store.Floor() {
		return
	}
	if store.Has(n) {
		e.duplicate(l, n)
		return
	}
	verdict, cost := e.epoch.verifier.Verify(c)
	switch {
	case verdict == chunk.Forged:
		e.count.Chunks.Forged++
		e.event(event.ChunkRejected{Stream: e.cfg.Stream, Peer: l.peer, Chunk: c.ID()})
		e.out.Accuse = append(e.out.Accuse, l.peer)
		e.misconduct(l, "forged chunk")
	case verdict != chunk.Authentic:
		e.count.Chunks.Unproven++
	case cost > 0:
		e.verifyLater(l, c, cost)
	default:
		e.accept(l, c)
	}
}

// arrived counts a frame for the link's receipt.
func (l *link) arrived(wire int) {
	l.in.chunks++
	l.in.bytes += uint64(wire)
}

// stamped takes notice of when a frame left, and of how late it is.
func (in *incoming) stamped(at uint16, now time.Duration) {
	late := int64(int16(stamp(now) - at - in.base))
	if !in.any {
		in.any, in.base, late = true, stamp(now)-at, 0
		in.leastAt, in.newest = now, at
	}
	if int16(at-in.newest) > 0 || now-in.newestAt > newestFor {
		in.newest = at
	}
	in.newestAt = now
	in.late(late*int64(stampUnit/time.Microsecond), now)
}

// newestFor is how long two stamps can be compared: less than half of what a stamp counts.
const newestFor = 10 * time.Second

// stampUnit is the unit of swarm.ChunkFrame.Stamp.
const stampUnit = 500 * time.Microsecond

func stamp(now time.Duration) uint16 { return uint16(now / stampUnit) }

// duplicate takes notice of a chunk that is held already.
func (e *Engine) duplicate(l *link, n uint64) {
	e.count.Chunks.Duplicate++
	l.in.duplicate++
	l.flow.duplicate++
	l.has.Add(n)
	e.cameFrom(l, n)
}

// cameFrom takes notice of a copy of n from l: that it is alive, and how late it was.
func (e *Engine) cameFrom(l *link, n uint64) {
	k := n % e.epoch.substreams
	fd := l.feed(int(k))
	fd.last, fd.spoke, fd.silent = e.now, e.now, false
	if e.frontier.recalls(n) {
		late := e.frontier.offered(n, e.now)
		fd.sample(late)
		fd.came(n, late)
	}
	e.feedsEagerly(l, int(k))
}

// verifying holds the chunks whose verification takes time that the host models. They are verified one after another.
type verifying struct {
	queue []verification
	free  time.Duration // when the last is done
}

type verification struct {
	at    time.Duration
	link  *link
	chunk chunk.Chunk
}

func (e *Engine) verifyLater(l *link, c *chunk.Chunk, cost time.Duration) {
	v := &e.verifying
	if len(v.queue) >= maxVerifying {
		return
	}
	v.free = max(v.free, e.now) + cost
	v.queue = append(v.queue, verification{v.free, l, *c})
	e.timers.set(alarmVerified, v.queue[0].at)
}

// verified takes the chunks whose verification is over.
func (e *Engine) verified() {
	v := &e.verifying
	for len(v.queue) > 0 && v.queue[0].at <= e.now {
		x := v.queue[0]
		v.queue[0] = verification{}
		v.queue = v.queue[1:]
		if e.epoch.store.Has(x.chunk.ID().Number) {
			e.duplicate(x.link, x.chunk.ID().Number)
			continue
		}
		e.accept(x.link, &x.chunk)
	}
	if len(v.queue) > 0 {
		e.timers.set(alarmVerified, v.queue[0].at)
	} else {
		v.queue = nil
	}
}

// accept stores an authentic chunk that was not held, and does at once all that follows from it.
func (e *Engine) accept(l *link, c *chunk.Chunk) {
	ep, h, n := e.epoch, &c.Header, c.ID().Number
	_, known := ep.store.Group(h.Group)
	if ep.store.Insert(c) != chunk.New {
		return
	}
	ep.held++
	e.talk.held = true
	l.has.Add(n)
	e.countUseful(l, c)
	if !known {
		e.groupSeen(h)
	}
	if n < e.frontier.start {
		e.joining.came = e.now
	}
	k := int(n % ep.substreams)
	if asked := e.answered(n, l); !asked {
		if l.ours.eager&(1<<k) != 0 {
			e.disprove(h, n)
		}
		before := l.feeds.at(k).newest
		e.cameFrom(l, n)
		e.leaps(l, before, n)
		if l.ours.eager&(1<<k) != 0 {
			e.excuse(k, l)
		}
		e.passHeld(n)
		e.lagged(n)
	} else {
		e.passHeld(n)
	}
	e.push(n, k, int(c.Index) >= int(h.Data))
	e.cancelLater(n, k, l)
	adds := e.restore(n) || int(c.Index) < int(h.Data)
	if g := ep.store.Of(n); adds && g != nil && g.Complete() {
		e.groupComplete(g)
	} else if !known && e.player.started {
		e.play() // it is known to exist, and has a time to be due
	}
}

// groupSeen takes notice of the first chunk of a group.
func (e *Engine) groupSeen(h *chunk.GroupHeader) {
	if !e.frontier.begun {
		e.frontier.begin(h.First, e.now)
		e.started()
	}
	e.epoch.entered(h, e.keep())
	e.misled(h)
	e.skip(h)
	e.seen(h)
}

// keep is how much media the store is to hold: as long as a viewer has not begun, all that it may begin with.
func (e *Engine) keep() time.Duration {
	if e.cfg.Role == swarm.Viewer && (e.joining.on || !e.player.started) {
		return 2 * maxInterval
	}
	return max(e.cfg.StoreSpan, e.player.lead()+time.Second)
}

// countUseful counts an authentic chunk that was not held.
func (e *Engine) countUseful(l *link, c *chunk.Chunk) {
	s := &e.count.Chunks
	size := uint64(c.Length())
	if c.Index >= c.Header.Data {
		s.Parity++
		return
	}
	s.Useful++
	s.UsefulBytes += size
	l.in.payload += size
	if l.role == swarm.Source {
		s.FromSource += size
	}
	e.countDelay(c)
}

// countDelay notes how long after its birth a chunk came to be held.
func (e *Engine) countDelay(c *chunk.Chunk) {
	if e.clock.known && c.Header.Born >= e.clock.unix(e.began) {
		delay := e.clock.unix(e.now) - c.Header.Born
		e.count.delay.Add(delay)
		if began := e.count.Startup; began > 0 && c.Header.Born >= e.clock.unix(e.began+began) {
			e.count.watched.Add(delay)
		}
		e.self.delay += (float64(max(delay, 0)) - e.self.delay) / 64
	}
}
