package engine

import (
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/budget"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
)

// Full takes a chunk back that the transport had no room for: it is offered again after Writable.
func (e *Engine) Full(now time.Duration, id swarm.LinkID, c chunk.ID) {
	e.at(now)
	l := e.link(id)
	if l == nil || e.epoch == nil || c.Epoch != e.id() {
		return
	}
	e.count.Sent.Full++
	o := &l.out
	o.full, o.resume = true, e.now+fullLongest
	o.offered = max(o.offered-1, 0)
	i := slices.IndexFunc(o.recent, func(r recent) bool { return r.number == c.Number+1 })
	if i < 0 {
		return // long ago: whoever misses it asks for it
	}
	r := o.recent[i]
	o.recent[i] = recent{}
	l.sent.Remove(c.Number)
	s := &e.count.Sent
	s.Chunks--
	s.ChunkBytes -= uint64(r.wire)
	s.PayloadBytes -= uint64(r.payload)
	o.payload -= uint64(r.payload)
	if b, ok := e.cfg.Budget.(budget.Confirmer); ok {
		b.Sent(e.now, l.id, -int(r.wire))
	}
	l.flow.sent -= min(l.flow.sent, uint64(r.wire)) // what was measured before is told already
	l.flow.sentChunks -= min(l.flow.sentChunks, 1)
	if r.owed {
		s.Repair--
		l.owed.Add(c.Number)
	}
	e.add(upload{key: r.key, number: c.Number, link: l, expires: r.expires, class: r.class, owed: r.owed})
}

// Writable tells that a link takes chunks again. It is offered at most twice as many as it took before, so that a slow
// one is not offered a whole queue time after time.
func (e *Engine) Writable(now time.Duration, id swarm.LinkID) {
	e.at(now)
	if l := e.link(id); l != nil {
		e.unpark(l)
		e.timers.sooner(alarmUploads, e.now)
	}
}

// fullLongest is how long a transport's Writable is waited for, roomFor how long a link that took all it was offered.
const (
	fullLongest = time.Second
	roomFor     = 5 * time.Millisecond
)

// closed reports whether nothing is to be offered to a link now.
func (o *outgoing) closed(now time.Duration) bool {
	if o.full {
		return true
	}
	if o.room > 0 && o.offered >= o.room {
		if o.offered == o.room {
			o.offered++
			o.resume = now + roomFor
		}
		return true
	}
	return false
}

// unpark opens a link, and puts what waited for it back among the uploads.
func (e *Engine) unpark(l *link) {
	o := &l.out
	switch {
	case o.full:
		o.room = max(2*o.offered, 2)
	case o.room > 0:
		o.room *= 2
	}
	if o.room > maxQueued {
		o.room = 0
	}
	o.full, o.offered = false, 0
	for _, u := range o.parked {
		e.uploads.queues[u.class].push(u)
	}
	e.uploads.unparked(l)
}

// remember keeps what was handed over in a ring that begins at cursor, in the place of the oldest where that is long ago.
func (o *outgoing) remember(r recent) {
	full := len(o.recent) == maxRecent
	if !full && (len(o.recent) == 0 || o.recent[o.cursor].since(r.at) < recallFor) {
		o.recent = slices.Insert(o.recent, int(o.cursor), r)
	} else {
		o.recent[o.cursor] = r
	}
	o.cursor = (o.cursor + 1) % uint8(len(o.recent))
}

// since is how long before a stamp the chunk was handed over, modulo the 32.8 s after which stamps come round.
func (r *recent) since(now uint16) time.Duration { return time.Duration(now-r.at) * stampUnit }
