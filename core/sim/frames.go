package sim

import (
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// sendChunks hands chunk frames to the links. Those not taken are told after all were offered.
func (w *lane) sendChunks(a *part, sends []engine.ChunkSend) {
	p := a.peer
	w.refused = w.refused[:0]
	for i := range sends {
		c := &sends[i]
		bytes := len(c.Frame) + a.media.length(c.ID.Number) + w.cfg.Network.Overhead
		for _, id := range c.To {
			h := p.link(id)
			if h == nil {
				continue
			}
			if !w.sendChunk(a, h, c.Frame, bytes) {
				w.refused = append(w.refused, refusal{h, i})
			}
		}
	}
	for _, r := range w.refused {
		a.engine.Full(w.now, r.half.id, sends[r.send].ID)
		a.again = true
	}
}

// refusal is a frame that a link did not take.
type refusal struct {
	half *half
	send int
}

// sendChunk carries a chunk frame, unless the link's queue is full.
func (w *lane) sendChunk(a *part, h *half, frame []byte, bytes int) bool {
	p := a.peer
	gone := 0
	for gone < len(h.queue) && h.queue[gone] <= w.now {
		gone++
	}
	h.queue = append(h.queue[:0], h.queue[gone:]...)
	if n := len(h.queue); n >= queueFrames && h.queue[n-1] > w.now+queueTime {
		if h.full == 0 {
			room := min(h.queue[n-1]-queueTime/2, h.queue[n-queueFrames])
			w.add(max(room, w.now+time.Microsecond), happening{what: doWritable, peer: p.index, other: int32(h.id)})
		}
		h.full.put(a.media.index)
		return false
	}
	if p.vice == RidesFree {
		return true
	}
	if p.vice == Poisons {
		frame = forge(frame)
	}
	left := w.occupy(p, bytes)
	a.chunks += uint64(bytes)
	if left > w.now {
		h.queue = append(h.queue, left)
	}
	if w.lose(p) {
		h.lost++
		return true
	}
	w.add(left+h.delay+w.wander(p), happening{what: doChunk, peer: h.far, other: int32(h.farLink), size: int32(bytes), frame: frame})
	return true
}

func (w *lane) writable(p *peer, id int32) {
	if p.gone {
		return
	}
	if h := p.link(swarm.LinkID(id)); h != nil {
		waiting := h.full
		h.full = 0
		for i := range p.parts {
			if waiting.has(i) {
				p.parts[i].engine.Writable(w.now, h.id)
				w.advance(&p.parts[i])
			}
		}
	}
}

// arrive takes a frame through the downlink to its engine. size is 0 once the downlink is behind it.
func (w *lane) arrive(p *peer, e *happening) {
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
		w.add(ready, again)
		return
	}
	h := p.link(swarm.LinkID(e.other))
	if h == nil {
		return
	}
	number, rest, err := swarm.SplitIndex(e.frame)
	if err != nil || number-1 >= uint64(len(p.parts)) {
		return
	}
	a := &p.parts[number-1]
	up := h.up.has(a.media.index)
	w.spend(p, w.cfg.Network.Ack)
	switch {
	case e.what == doChunk && up:
		a.engine.Chunk(w.now, h.id, rest)
	case e.what == doControl:
		if _, hello := swarm.PeekHello(rest); !up && !hello {
			return // of a stream that has left the link
		}
		w.takePart(a, h, scheduler.There)
		a.engine.Control(w.now, h.id, rest)
	}
	w.advance(a)
}
