package engine

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/swarm"
)

// wire is what a frame of c takes on the wire. Where the host models payloads, the frame does not hold the bytes
// and takes them all the same.
func (e *Engine) wire(c *chunk.Chunk, proof []byte) int {
	return swarm.ChunkHeader(e.cfg.Index, c, proof) + len(proof) + c.Length() + swarm.StampSize + e.cfg.Overhead
}

// encode makes the frame of c, in one allocation.
func (e *Engine) encode(c *chunk.Chunk, proof []byte) []byte {
	size := swarm.ChunkHeader(e.cfg.Index, c, proof) + len(proof) + len(c.Payload) + swarm.StampSize
	frame := swarm.AppendChunk(make([]byte, 0, size), e.cfg.Index, c, proof)
	return swarm.AppendStamp(frame, stamp(e.now))
}

// searchBack is how many frames are looked through for one that can go to a further link.
const searchBack = 64

// find looks for a frame of this Ready that says the same.
func (o *outbox) find(number uint64, knows chunk.Knowledge) int {
	for i := len(o.sends) - 1; i >= max(0, len(o.sends)-searchBack); i-- {
		if o.sends[i].number == number && o.sends[i].knows == knows {
			return i
		}
	}
	return -1
}

// fanOut gives every frame the list of its links, all of them in one array.
func (o *outbox) fanOut() {
	o.to = o.to[:0]
	for range o.grant {
		o.to = append(o.to, 0)
	}
	from := 0
	for i := range o.sends {
		n := o.sends[i].copies
		o.Chunks[i].To = o.to[from : from : from+n]
		from += n
	}
	for _, g := range o.grant {
		o.Chunks[g.send].To = append(o.Chunks[g.send].To, g.link)
	}
}

// proof is what is sent of c's proof to somebody who knows so much.
func (e *Engine) proof(c *chunk.Chunk, knows chunk.Knowledge) []byte {
	if knows == chunk.HoldsSome {
		return e.epoch.verifier.Trim(c, knows)
	}
	return e.epoch.verifier.Rebuild(c)
}

// tooLong counts a chunk that a link cannot take, and says so once: the stream's chunks are too large for this link.
func (e *Engine) tooLong(l *link, size int) {
	e.count.Sent.Dropped++
	if !l.warned {
		l.warned = true
		e.event(event.PartFailed{
			Part:  "stream " + e.epoch.descriptor.Name,
			Cause: fmt.Sprintf("chunk frames of %d bytes do not fit the link to %v, which takes %d: lower the stream's chunkSize", size, l.peer, l.maxFrame),
		})
	}
}

// dropUploads empties the queues.
func (e *Engine) dropUploads() {
	for class := range e.uploads.queues {
		clear(e.uploads.queues[class])
		e.uploads.queues[class] = e.uploads.queues[class][:0]
	}
	clear(e.uploads.waiting)
	e.uploads.total, e.uploads.parked, e.uploads.waiting = 0, 0, e.uploads.waiting[:0]
	for _, l := range e.links {
		l.out = outgoing{full: l.out.full, resume: l.out.resume, room: l.out.room, payload: l.out.payload}
	}
}

// dropLink takes what is parked with a link out of the count; the rest is passed over in its turn.
func (q *uploads) dropLink(l *link) {
	q.total -= len(l.out.parked)
	l.out.queued -= int32(len(l.out.parked))
	q.unparked(l)
	l.out.parked = nil
}

// park leaves an upload with its link, until that is opened.
func (q *uploads) park(u upload) {
	o := &u.link.out
	if len(o.parked) == 0 {
		i, _ := q.search(u.link)
		q.waiting = slices.Insert(q.waiting, i, u.link)
	}
	o.parked = append(o.parked, u)
	q.parked++
}

// unparked empties what is parked with a link.
func (q *uploads) unparked(l *link) {
	if len(l.out.parked) == 0 {
		return
	}
	q.parked -= len(l.out.parked)
	clear(l.out.parked)
	l.out.parked = l.out.parked[:0]
	if i, ok := q.search(l); ok {
		q.waiting = slices.Delete(q.waiting, i, i+1)
	}
}

func (q *uploads) search(l *link) (int, bool) {
	return slices.BinarySearchFunc(q.waiting, l, func(a, b *link) int { return cmp.Compare(a.id, b.id) })
}
