package sim

import (
	"math"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// half is one end of a link.
type half struct {
	id      swarm.LinkID
	far     int32
	farLink swarm.LinkID
	delay   time.Duration // one way
	up      streams       // whose engines know of it
	ordered time.Duration // when the last control frame arrives
	lost    uint64        // chunk frames
	told    uint64        // of them, those that the engine knows of
}

// streams is a set of them, by index.
type streams uint16

func (s streams) has(index int) bool { return s>>index&1 != 0 }

func (s *streams) put(index int) { *s |= 1 << index }

// dialTimeout is how long a dial of a peer that is not there takes.
const dialTimeout = 2 * time.Second

// delay is the one-way delay between two peers: the same for each run of a seed.
func (w *world) delay(a, b int32) time.Duration {
	n := &w.cfg.Network
	if n.Sigma == 0 {
		return max(n.Median, n.Min)
	}
	x := scramble(w.cfg.Seed ^ scramble(uint64(min(a, b))<<32|uint64(max(a, b))))
	// Box and Muller's transform makes a normal variate of two uniform ones.
	u := (float64(x>>40) + 0.5) / (1 << 24)
	v := float64(x&(1<<24-1)) / (1 << 24)
	normal := math.Sqrt(-2*math.Log(u)) * math.Cos(2*math.Pi*v)
	return max(time.Duration(float64(n.Median)*math.Exp(n.Sigma*normal)), n.Min)
}

// dial begins to open a link.
func (w *lane) dial(a *part, to swarm.PeerID) {
	p, far := a.peer, w.find(to)
	if far == nil {
		return
	}
	for i := range p.dialing {
		if d := &p.dialing[i]; d.far == far.index {
			d.of.put(a.media.index)
			return
		}
	}
	if h := p.linkTo(far.index); h != nil {
		w.takePart(a, h, scheduler.Here)
		return
	}
	p.dialing = append(p.dialing, dialing{far.index, 1 << a.media.index})
	w.spend(p, w.cfg.Network.Handshake)
	if far.gone || far.parts == nil {
		w.add(w.now+dialTimeout, happening{what: doUnlinked, peer: p.index, other: far.index})
		return
	}
	w.add(beat(w.now+3*w.delay(p.index, far.index), p, far), happening{what: doLinked, peer: p.index, other: far.index})
}

// beat is when a link is made that would be at a time: with the others of its millisecond, for each time that one is made ends a window.
// Two of them are some nanoseconds apart, so that their order is not that in which windows have them dialed.
func beat(at time.Duration, p, far *peer) time.Duration {
	apart := scramble(uint64(p.index)<<32|uint64(far.index)) % 1000
	return (at + time.Millisecond - 1).Truncate(time.Millisecond) + time.Duration(apart)
}

// find is the peer of an id; nil when there is none.
func (w *world) find(id swarm.PeerID) *peer {
	if i, ok := w.ids[id]; ok {
		return w.peers[i]
	}
	return nil
}

// dialing is a dial under way, and the streams that wait for it.
type dialing struct {
	far int32
	of  streams
}

// dialed ends a dial, and answers who waited for it.
func (p *peer) dialed(far int32) streams {
	i := slices.IndexFunc(p.dialing, func(d dialing) bool { return d.far == far })
	if i < 0 {
		return 0
	}
	of := p.dialing[i].of
	p.dialing = slices.Delete(p.dialing, i, i+1)
	return of
}

// linked ends a dial that came through: the dialer takes part at once, the other with the first frame that arrives.
func (w *lane) linked(p, far *peer) {
	waiting := p.dialed(far.index)
	switch {
	case p.gone:
		return
	case far.gone:
		w.failed(p, far, waiting)
		return
	}
	h := p.linkTo(far.index)
	if back := far.linkTo(p.index); h == nil && back != nil { // what is left of an earlier link
		far.unlink(back.id)
		for i := range far.parts {
			if back.up.has(i) {
				far.parts[i].engine.PeerDown(w.now, back.id, "replaced by a newer link")
				w.advance(&far.parts[i])
			}
		}
	}
	if h == nil && !far.gone {
		w.spend(far, w.cfg.Network.Handshake)
		h = w.connect(p, far)
	}
	for i := range p.parts {
		if a := &p.parts[i]; waiting.has(i) {
			w.takePart(a, h, scheduler.Here)
			w.advance(a)
		}
	}
}

// connect makes both ends of a link.
func (w *world) connect(p, far *peer) *half {
	p.lastID++
	far.lastID++
	d := w.delay(p.index, far.index)
	h := &half{id: p.lastID, far: far.index, farLink: far.lastID, delay: d}
	p.links, p.ids = append(p.links, h), append(p.ids, h.id)
	far.links = append(far.links, &half{id: far.lastID, far: p.index, farLink: p.lastID, delay: d})
	far.ids = append(far.ids, far.lastID)
	return h
}

func (w *lane) unlinked(p, far *peer) {
	if waiting := p.dialed(far.index); !p.gone {
		w.failed(p, far, waiting)
	}
}

// failed tells those that wait for a dial that nobody answers.
func (w *lane) failed(p, far *peer, waiting streams) {
	for i := range p.parts {
		if waiting.has(i) {
			p.parts[i].engine.DialFailed(w.now, far.id, "no answer")
			w.advance(&p.parts[i])
		}
	}
}

// takePart tells an engine of a link.
func (w *lane) takePart(a *part, h *half, side scheduler.Side) {
	if h.up.has(a.media.index) {
		return
	}
	h.up.put(a.media.index)
	a.again = true
	a.engine.PeerUp(w.now, engine.Peer{Link: h.id, Peer: w.peers[h.far].id, Dialed: side})
	a.engine.Measured(w.now, h.id, engine.Measured{RTT: 2 * h.delay})
}

// spend charges wire bytes that are no frame to the uplink.
func (w *lane) spend(p *peer, bytes int) {
	w.occupy(p, bytes)
	p.budget.Charge(w.now, bytes)
}

// occupy puts wire bytes on the uplink, and answers when they have left.
func (w *lane) occupy(p *peer, bytes int) time.Duration {
	p.sent += uint64(bytes)
	left := w.now
	if p.uplink.Rate > 0 {
		p.free = max(p.free, w.now) + span(bytes, p.uplink.Rate)
		left = p.free
	}
	if p.index == 0 {
		w.second.add(left, bytes)
	}
	return left
}

// span is how long bytes take at a rate in bytes per second.
func span(bytes int, rate uint64) time.Duration {
	return time.Duration(float64(bytes) / float64(rate) * float64(time.Second))
}

// wander is the jitter of one frame that a peer sends.
func (w *lane) wander(p *peer) time.Duration {
	if j := w.cfg.Network.Jitter; j > 0 {
		return time.Duration(p.random.Int64N(int64(j)))
	}
	return 0
}

func (w *lane) lose(p *peer) bool {
	return w.cfg.Network.Loss > 0 && p.random.Float64() < w.cfg.Network.Loss
}

// sendControl carries a control frame: reliably, in order.
func (w *lane) sendControl(p *peer, h *half, frame []byte) {
	bytes := len(frame) + w.cfg.Network.Overhead + 1
	p.budget.Charge(w.now, bytes)
	at := w.occupy(p, bytes) + h.delay + w.wander(p)
	for w.lose(p) { // it is sent again after a probe timeout
		w.spend(p, bytes)
		at += 3*h.delay + 20*time.Millisecond
	}
	h.ordered = max(h.ordered, at)
	w.add(h.ordered, happening{what: doControl, peer: h.far, other: int32(h.farLink), size: int32(bytes), frame: frame})
}
