package sim

import (
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// sendChunks hands chunk frames to the links. Those not taken are told after all were offered.
func (w *world) sendChunks(p *peer, sends []engine.ChunkSend) {
	w.refused = w.refused[:0]
	for i := range sends {
		c := &sends[i]
		bytes := len(c.Frame) + w.media.length(c.ID.Number) + w.cfg.Network.Overhead
		for _, id := range c.To {
			h := p.link(id)
			if h == nil {
				continue
			}
			if !w.sendChunk(p, h, c.Frame, bytes) {
				w.refused = append(w.refused, refusal{h, i})
			}
		}
	}
	for _, r := range w.refused {
		p.engine.Full(w.now, r.half.id, sends[r.send].ID)
		p.again = true
	}
}

// refusal is a frame that a link did not take.
type refusal struct {
	half *half
	send int
}

// sendChunk carries a chunk frame, unless the link's queue is full.
func (w *world) sendChunk(p *peer, h *half, frame []byte, bytes int) bool {
	gone := 0
	for gone < len(h.queue) && h.queue[gone] <= w.now {
		gone++
	}
	h.queue = append(h.queue[:0], h.queue[gone:]...)
	if n := len(h.queue); n >= queueFrames && h.queue[n-1] > w.now+queueTime {
		if !h.full {
			h.full = true
			room := min(h.queue[n-1]-queueTime/2, h.queue[n-queueFrames])
			w.agenda.add(max(room, w.now+time.Microsecond), happening{what: doWritable, peer: p.index, other: int32(h.id)})
		}
		return false
	}
	if p.vice == ridesFree {
		return true
	}
	if p.vice == poisons {
		frame = forge(frame)
	}
	left := w.occupy(p, bytes)
	p.chunks += uint64(bytes)
	if left > w.now {
		h.queue = append(h.queue, left)
	}
	if w.lose() {
		h.lost++
		return true
	}
	w.agenda.add(left+h.delay+w.wander(), happening{what: doChunk, peer: h.far, other: int32(h.farLink), size: int32(bytes), frame: frame})
	return true
}

func (w *world) writable(p *peer, id int32) {
	if p.gone {
		return
	}
	if h := p.link(swarm.LinkID(id)); h != nil {
		h.full = false
		p.engine.Writable(w.now, h.id)
		w.advance(p)
	}
}

// arrive takes a frame through the downlink to its engine. size is 0 once the downlink is behind it.
func (w *world) arrive(p *peer, e *happening) {
	if p.gone {
		return
	}
	if p.uplink.Down > 0 && e.size > 0 {
		ready := max(p.downFree, w.now) + span(int(e.size), p.uplink.Down)
		if e.what == doChunk && p.downFree > w.now+w.cfg.Network.Queue {
			return // the queue in front of the downlink is full
		}
		p.downFree = ready
		again := *e
		again.size = 0
		w.agenda.add(ready, again)
		return
	}
	h := p.link(swarm.LinkID(e.other))
	if h == nil {
		return
	}
	_, rest, err := swarm.SplitIndex(e.frame)
	if err != nil {
		return
	}
	w.spend(p, w.cfg.Network.Ack)
	switch {
	case e.what == doChunk && h.up:
		p.engine.Chunk(w.now, h.id, rest)
	case e.what == doControl:
		w.takePart(p, h, scheduler.There)
		p.engine.Control(w.now, h.id, rest)
	}
	w.advance(p)
}
