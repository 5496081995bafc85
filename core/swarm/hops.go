package swarm

import (
	"math/bits"

	"github.com/shoal-live/shoal/core/chunk"
)

// Hops says for each substream how far a peer is from the source: 1 at the source, and elsewhere one more than at the
// nearest of those who push it to the peer; 0 where nobody does. Substream k has four bits of word k/16, the lowest
// first.
type Hops [chunk.MaxSubstreams / hopsPerWord]uint64

// MostHops is the greatest number that there is room for. What is farther is no better than not pushed at all: feeders
// that feed one another count up to it.
const MostHops = 1<<hopBits - 1

const (
	hopBits     = 4
	hopsPerWord = 64 / hopBits
)

// At is the hops of substream k; 0 for one that there is not.
func (h *Hops) At(k int) int {
	if k < 0 || k >= chunk.MaxSubstreams {
		return 0
	}
	return int(h[k/hopsPerWord] >> (k % hopsPerWord * hopBits) & MostHops)
}

// Reached is the number of substreams that are pushed to the peer.
func (h *Hops) Reached() (n int) {
	const each = 0x1111111111111111 // the lowest bit of every substream
	for _, w := range h {
		w |= w >> 2
		w |= w >> 1
		n += bits.OnesCount64(w & each)
	}
	return n
}

// Set sets the hops of substream k, to 0..MostHops: what is outside of that is taken to be the nearest bound. A substream
// that there is not is passed over.
func (h *Hops) Set(k, hops int) {
	if k < 0 || k >= chunk.MaxSubstreams {
		return
	}
	at := k % hopsPerWord * hopBits
	h[k/hopsPerWord] = h[k/hopsPerWord]&^(MostHops<<at) | uint64(min(max(hops, 0), MostHops))<<at
}

// Farther reports whether some substream takes more hops than before, or has begun or ceased to be pushed.
func (h *Hops) Farther(before *Hops) bool { return h.FartherIn(^uint64(0), before) }

// FartherIn is Farther for a set of substreams: bit k is substream k.
func (h *Hops) FartherIn(set uint64, before *Hops) bool {
	if *h == *before {
		return false
	}
	for ; set != 0; set &= set - 1 {
		k := bits.TrailingZeros64(set)
		if now, then := h.At(k), before.At(k); now > then || now == 0 && then > 0 {
			return true
		}
	}
	return false
}

// DifferIn reports whether the hops of some substream of a set have changed.
func (h *Hops) DifferIn(set uint64, before *Hops) bool {
	return *h != *before && (h.FartherIn(set, before) || before.FartherIn(set, h))
}

// Words is h without the words of 0 at its end. It aliases h.
func (h *Hops) Words() []uint64 {
	n := len(h)
	for n > 0 && h[n-1] == 0 {
		n--
	}
	return h[:n]
}
