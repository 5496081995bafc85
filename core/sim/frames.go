package sim

import (
	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// sendChunks hands chunk frames to the links.
func (w *lane) sendChunks(a *part, sends []engine.ChunkSend) {
	for i := range sends {
		c := &sends[i]
		bytes := len(c.Frame) + a.media.length(c.ID.Number) + w.cfg.Network.Overhead
		for _, id := range c.To {
			if h := a.peer.link(id); h != nil {
				w.sendChunk(a, h, c.Frame, bytes)
			}
		}
	}
}

// sendTrains hands padding to the links.
func (w *lane) sendTrains(a *part, trains []engine.Train) {
	for _, t := range trains {
		h := a.peer.link(t.Link)
		for range t.Count {
			if h != nil {
				w.sendFrame(a.peer, h, t.Frame, len(t.Frame)+w.cfg.Network.Overhead)
			}
		}
	}
}

// sendChunk carries a chunk frame, as the vice of its peer has it.
func (w *lane) sendChunk(a *part, h *half, frame []byte, bytes int) {
	p := a.peer
	if p.vice == RidesFree {
		return
	}
	if p.vice == Poisons {
		frame = forge(frame)
	}
	a.chunks += uint64(bytes)
	w.sendFrame(p, h, frame, bytes)
}

// sendFrame carries a frame of the chunk channel. It is lost where the queue in front of the uplink is full, of which nobody is told.
func (w *lane) sendFrame(p *peer, h *half, frame []byte, bytes int) {
	if p.free > w.now+w.cfg.Network.Queue {
		p.sent += uint64(bytes)
		h.lost++
		return
	}
	left := w.occupy(p, bytes)
	if w.lose(p) {
		h.lost++
		return
	}
	w.add(left+h.delay+w.wander(p), happening{what: doChunk, peer: h.far, other: int32(h.farLink), size: int32(bytes), frame: frame})
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
