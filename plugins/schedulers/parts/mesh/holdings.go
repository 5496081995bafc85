package mesh

import (
	"math/bits"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// past says what of the view is of an epoch that is over: numbers begin anew with an epoch, and who holds what is told later.
type past struct {
	epoch uint32
	held  bool                  // own holdings
	holds map[swarm.LinkID]bool // neighbours'
	none  scheduler.Holding
}

// renew begins a new epoch, if there is one.
func (m *Mesh) renew() {
	if m.past.epoch == m.View.Stream.Epoch {
		return
	}
	m.past = past{epoch: m.View.Stream.Epoch, held: true, holds: make(map[swarm.LinkID]bool)}
	for _, l := range m.View.Links {
		m.past.holds[l.Link] = true
	}
	m.chooser.Begin(m)
}

// Held is what is held here of this epoch.
func (m *Mesh) Held() *scheduler.Holding {
	if m.past.held {
		return &m.past.none
	}
	return &m.View.Held
}

// Holds is what a neighbour holds of this epoch, as it last said.
func (m *Mesh) Holds(l *scheduler.Link) *scheduler.Holding {
	if m.past.holds[l.Link] {
		return &m.past.none
	}
	return &l.Holds
}

// word is the 64 numbers of h from at on, a multiple of 64.
func word(h *scheduler.Holding, at uint64) uint64 {
	if i := (at - h.Base) / 64; at >= h.Base && i < uint64(len(h.Words)) {
		return h.Words[i]
	}
	return 0
}

// End is one past the highest number of a holding; 0 when it is empty.
func End(h *scheduler.Holding) uint64 {
	for i := len(h.Words) - 1; i >= 0; i-- {
		if w := h.Words[i]; w != 0 {
			return h.Base + uint64(i)*64 + uint64(bits.Len64(w))
		}
	}
	return 0
}

// start is the lowest number of a holding; 0 when it is empty.
func start(h *scheduler.Holding) uint64 {
	for i, w := range h.Words {
		if w != 0 {
			return h.Base + uint64(i)*64 + uint64(bits.TrailingZeros64(w))
		}
	}
	return 0
}

// Edge is one past the newest chunk that is held here or by a neighbour; 0 when nothing is known.
func (m *Mesh) Edge() uint64 {
	edge := End(m.Held())
	for _, l := range m.View.Links {
		edge = max(edge, End(m.Holds(l)))
	}
	return edge
}

// Horizon is how many chunk numbers before the edge are worth a choice; what is older nobody keeps. It is four
// seconds of the stream, for the policy is not told what is being played.
func (m *Mesh) Horizon() uint64 {
	wire := max(m.View.Stream.ChunkWire, 1)
	return min(4*uint64(m.Uplink.Rate())/uint64(wire)+64, chunk.MaxWindow/2)
}
