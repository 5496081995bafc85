package engine

import (
	"time"

	"github.com/shoal-live/shoal/core/budget"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/scheduler"
)

// upload is one chunk that is to leave on one link.
type upload struct {
	key     time.Duration // when it came, plus rankStep for each target before
	seq     uint64        // of two with one key, the one that came first
	number  uint64
	link    *link
	expires time.Duration
	class   scheduler.Class
	owed    bool // it was asked for
}

func (u upload) before(o upload) bool { return u.key < o.key || u.key == o.key && u.seq < o.seq }

// uploads is everything that waits for the uplink: a heap a class, so that an answer that is over the repair budget
// does not hold up what is pushed. Chunks for a link whose transport is full wait with the link. A chunk that
// its receiver turns out to hold, that was sent meanwhile, or that has expired is passed over when its turn comes.
type uploads struct {
	queues [scheduler.ClassExtra + 1]heap[upload]
	seq    uint64
	total  int  // in queues and with links
	parked int  // with links
	due    bool // the next Ready is to offer some

	waiting []*link // those with whom some are parked, by id
}

// outgoing is a link's part of the uploads.
type outgoing struct {
	parked  []upload
	recent  []recent
	resume  time.Duration // when a closed link is opened by itself
	payload uint64        // bytes sent
	queued  int32         // in all
	room    int32         // chunks offered at once; 0 for any number
	offered int32         // since the link was last opened
	cursor  uint8         // in recent
	full    bool          // the transport takes nothing until Writable
}

// recent is a chunk handed to the transport, in case it comes back.
type recent struct {
	key, expires  time.Duration
	number        uint64 // plus one; 0 for an empty place
	wire, payload uint16
	at            uint16 // stamp of when it was handed over
	class         scheduler.Class
	owed          bool
}

// add queues a chunk, or drops it where there is no room.
func (e *Engine) add(u upload) {
	q := &e.uploads
	if u.link.out.queued >= maxQueued || q.total >= maxQueuedAll {
		e.count.Sent.Dropped++
		return
	}
	q.seq++
	u.seq = q.seq
	u.link.out.queued++
	q.total++
	q.queues[u.class].push(u)
	e.timers.sooner(alarmUploads, e.now)
}

// finish takes a chunk out of the counts.
func (e *Engine) finish(u *upload) {
	e.uploads.total--
	u.link.out.queued--
	if u.owed {
		u.link.owed.Remove(u.number)
	}
}

// drain hands over what the budget grants, most urgent first, when there is something new or the budget may grant again.
func (e *Engine) drain() {
	if !e.uploads.due {
		return
	}
	e.uploads.due = false
	if e.epoch == nil || e.uploads.total == 0 {
		return
	}
	for i := 0; i < len(e.uploads.waiting); {
		if l := e.uploads.waiting[i]; l.out.resume <= e.now {
			e.unpark(l) // it waits no more
		} else {
			e.timers.sooner(alarmUploads, l.out.resume)
			i++
		}
	}
	for class := scheduler.ClassRepair; class <= scheduler.ClassExtra; class++ {
		if !e.drainClass(class) && class != scheduler.ClassRepair {
			break // what is less urgent would be refused too
		}
	}
	e.out.fanOut()
}

// drainClass reports whether the class is empty.
func (e *Engine) drainClass(class scheduler.Class) bool {
	q := &e.uploads.queues[class]
	for len(*q) > 0 {
		u := &(*q)[0]
		l := u.link
		if l.gone || e.isPointless(u) {
			x := q.pop()
			e.finish(&x)
			continue
		}
		if l.out.closed(e.now) {
			e.timers.sooner(alarmUploads, l.out.resume)
			e.uploads.park(q.pop())
			continue
		}
		c := &e.leaving // kept in the engine, for it would escape
		if !e.epoch.store.Load(u.number, c) {
			x := q.pop()
			e.finish(&x)
			continue
		}
		f := e.frameFor(c, holdsSome(&l.has, &c.Header))
		if f.wire-e.cfg.Overhead > int(l.maxFrame) {
			e.tooLong(l, f.wire-e.cfg.Overhead)
			x := q.pop()
			e.finish(&x)
			continue
		}
		if ok, retry := e.cfg.Budget.Take(e.now, class, f.wire); !ok {
			e.timers.sooner(alarmUploads, max(retry, e.now+1))
			return false
		}
		x := q.pop()
		e.finish(&x)
		e.hand(x, c, f)
	}
	return true
}

// isPointless reports whether a chunk need not be sent any more, and counts those that are too late.
func (e *Engine) isPointless(u *upload) bool {
	if u.link.has.Has(u.number) || !u.owed && u.link.sent.Has(u.number) {
		return true
	}
	if u.expires < e.now {
		e.count.Sent.Expired++
		return true
	}
	return false
}

// framing is how a chunk is to be sent to somebody.
type framing struct {
	index int // of the frame in this Ready; -1 when it is not there yet
	knows chunk.Knowledge
	proof []byte // when it is not there yet
	wire  int    // bytes
}

func (e *Engine) frameFor(c *chunk.Chunk, knows chunk.Knowledge) framing {
	f := framing{index: e.out.find(c.ID().Number, knows), knows: knows}
	if f.index >= 0 {
		f.wire = e.out.sends[f.index].wire
		return f
	}
	f.proof = e.proof(c, knows)
	f.wire = e.wire(c, f.proof)
	return f
}

// hand puts a granted chunk among those for the transport.
func (e *Engine) hand(u upload, c *chunk.Chunk, f framing) {
	l, i, wire := u.link, f.index, f.wire
	if i < 0 {
		i = len(e.out.Chunks)
		e.out.Chunks = append(e.out.Chunks, ChunkSend{ID: c.ID(), Frame: e.encode(c, f.proof), Expires: u.expires})
		e.out.sends = append(e.out.sends, sendKey{number: u.number, knows: f.knows, wire: wire})
	}
	e.out.sends[i].copies++
	e.out.grant = append(e.out.grant, grant{i, l.id})
	l.sent.Add(u.number)
	if b, ok := e.cfg.Budget.(budget.Confirmer); ok {
		b.Sent(e.now, l.id, wire)
	}
	l.out.offered++
	l.out.remember(recent{
		key: u.key, expires: u.expires, number: u.number + 1, wire: uint16(min(wire, 1<<16-1)), payload: uint16(c.Length()),
		at: stamp(e.now), class: u.class, owed: u.owed,
	})
	l.out.payload += uint64(c.Length())
	l.flow.sent += uint64(wire)
	l.flow.sentChunks++
	s := &e.count.Sent
	s.Chunks++
	s.ChunkBytes += uint64(wire)
	s.PayloadBytes += uint64(c.Length())
	if u.owed {
		s.Repair++
	}
}
