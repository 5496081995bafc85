package memory

import (
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// half is one end of a link, and the direction that it sends in. It is guarded by the network's lock.
type half struct {
	owner *endpoint
	other *half
	id    transport.LinkID
	peer  swarm.PeerID
	dial  *dial     // that it comes from, at the end that dialed
	upAt  time.Time // nothing arrives before

	up, closing, down bool // Up was reported; Close was called; Down was reported, or never will be

	free      time.Time   // when the rate lets the next packet leave
	queue     []time.Time // when the chunk frames leave that have not yet
	full      bool        // Full was reported, Writable not yet
	ordered   time.Time   // no control frame arrives before the one in front of it
	waiting   int         // bytes of control frames on their way
	held      [][]byte    // control frames that wait for the end of an isolation
	lost      uint64
	measuring bool // a report of Measured is planned
}

func (e *endpoint) newHalf(peer swarm.PeerID) *half {
	e.lastLink++
	h := &half{owner: e, id: e.lastLink, peer: peer}
	e.links[h.id] = h
	return h
}

func (h *half) isUp() bool { return h.up && !h.closing && !h.down }

// cut reports whether an isolation lies between the ends.
func (h *half) cut() bool { return h.owner.isolated || h.other.owner.isolated }

// comeUp reports Up.
func (h *half) comeUp() report {
	if h.down {
		return nil
	}
	h.up = true
	up := transport.Up{
		Link: h.id, Peer: h.peer, Dialed: h.dial != nil, MaxChunk: maxChunk,
		Address:  swarm.Address(scheme + ":" + h.other.owner.name),
		Observed: swarm.Address(scheme + ":" + h.owner.name),
	}
	return func(s transport.Sink) { s.Event(up) }
}

// goDown reports Down, or the failure of the dial where Up was never reported.
func (h *half) goDown(cause error) report {
	if h.down {
		return nil
	}
	h.down = true
	delete(h.owner.links, h.id)
	switch {
	case h.up:
		return func(s transport.Sink) { s.Event(transport.Down{Link: h.id, Cause: cause}) }
	case h.dial != nil:
		return func(s transport.Sink) { s.Event(transport.DialFailed{Peer: h.peer, Cause: cause}) }
	}
	return nil
}

// tellOther brings Down to the other end, behind the control frames that are on their way.
func (h *half) tellOther(cause error) {
	if h.cut() {
		return // the other end finds out by its timeout
	}
	at := later(time.Now().Add(h.owner.net.latency()), h.ordered, h.other.upAt)
	h.other.owner.plan(at, func() report { return h.other.goDown(cause) })
}

// leave takes a packet's place at the rate and answers when it has left.
func (h *half) leave(now time.Time, bytes int) time.Time {
	h.free = later(now, h.free).Add(h.owner.net.onWire(bytes))
	h.owner.count(bytes, 0)
	return h.free
}

func (h *half) sendControl(frame []byte) {
	h.waiting += len(frame)
	if h.cut() {
		h.held = append(h.held, frame)
		return
	}
	n := h.owner.net
	at := h.leave(time.Now(), wireBytes(len(frame))).Add(n.latency())
	if n.lost() {
		h.lost++
		at = at.Add(2 * n.latency())
	}
	h.ordered = later(at, h.ordered, h.other.upAt)
	h.arrive(h.ordered, transport.Received{Channel: transport.Control, Data: frame})
}

// release sends the control frames that an isolation has held.
func (h *half) release() {
	if h.cut() {
		return
	}
	held := h.held
	h.held = nil
	for _, f := range held {
		h.waiting -= len(f)
		h.sendControl(f)
	}
}

// sendChunk takes a frame that the queue has room for.
func (h *half) sendChunk(now time.Time, f *transport.Frame) {
	gone := 0
	for gone < len(h.queue) && !h.queue[gone].After(now) {
		gone++
	}
	h.queue = slices.Delete(h.queue, 0, gone)
	if n := len(h.queue); n >= queueFrames && h.queue[n-1].Sub(now) > queueTime {
		h.refuse(now, f.Token)
		return
	}
	n := h.owner.net
	left := h.leave(now, wireBytes(len(f.Data)))
	h.queue = append(h.queue, left)
	h.planMeasured(now)
	if h.cut() || n.lost() {
		h.lost++
		return
	}
	h.arrive(later(left.Add(n.latency()), h.other.upAt), transport.Received{Channel: transport.Chunk, Data: slices.Clone(f.Data)})
}

// refuse reports Full, and Writable as soon as half the queue is gone.
func (h *half) refuse(now time.Time, token uint64) {
	h.owner.plan(now, h.ifUp(func(s transport.Sink) { s.Event(transport.Full{Link: h.id, Token: token}) }))
	if h.full {
		return
	}
	h.full = true
	n := len(h.queue)
	room := h.queue[n-1].Add(-queueTime / 2)
	if h.queue[n-queueFrames].Before(room) {
		room = h.queue[n-queueFrames]
	}
	h.owner.plan(later(room, now), func() report {
		h.full = false
		return h.ifUp(func(s transport.Sink) { s.Event(transport.Writable{Links: []transport.LinkID{h.id}}) })()
	})
}

// arrive hands a frame to the other end.
func (h *half) arrive(at time.Time, r transport.Received) {
	to := h.other
	r.Link = to.id
	to.owner.plan(at, func() report {
		if r.Channel == transport.Control {
			h.waiting -= len(r.Data)
		}
		to.owner.count(0, wireBytes(len(r.Data)))
		return to.ifUp(func(s transport.Sink) { s.Received([]transport.Received{r}) })()
	})
}

// planMeasured reports the link's state within a second.
func (h *half) planMeasured(now time.Time) {
	if h.measuring {
		return
	}
	h.measuring = true
	h.owner.plan(now.Add(measureEvery), func() report {
		h.measuring = false
		cfg := &h.owner.net.cfg
		m := transport.Measured{Link: h.id, RTT: max(2*cfg.Delay+cfg.Jitter, time.Microsecond), Lost: h.lost, MaxChunk: maxChunk}
		return h.ifUp(func(s transport.Sink) { s.Event(m) })()
	})
}

// ifUp is r between Up and Down, and nothing before or after.
func (h *half) ifUp(r report) func() report {
	return func() report {
		if !h.up || h.down {
			return nil
		}
		return r
	}
}

// later is the last of times.
func later(times ...time.Time) time.Time {
	return slices.MaxFunc(times, time.Time.Compare)
}
