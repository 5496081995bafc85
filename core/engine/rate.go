package engine

import (
	"time"

	"github.com/shoal-live/shoal/core/chunk"
)

// rate estimates what the stream takes on the wire, from the headers of its groups: sums that fade over rateSpan
// of media.
type rate struct {
	described uint64  // bytes per second, 0 when unknown
	bytes     float64 // on the wire
	span      float64 // seconds
	overhead  int     // wire bytes of a chunk beyond its payload
	chunkWire int     // wire bytes of a full chunk
	told      uint64  // what the policy was told
}

const (
	rateSpan  = 8.0 // seconds
	rateLeast = 0.9 // seconds of media before the measure replaces the description
	proofSize = 112 // bytes, of a chunk among about 26
)

func (r *rate) begin(d *chunk.Descriptor, overhead int) {
	*r = rate{overhead: overhead + 36 + proofSize}
	r.chunkWire = d.ChunkSize + r.overhead
	r.described = d.Bitrate / 8 * uint64(r.chunkWire) / uint64(max(d.ChunkSize, 1))
	r.told = r.described
}

func (r *rate) add(h *chunk.GroupHeader) {
	span := min(h.Span, time.Second).Seconds()
	fade := 1 - span/rateSpan
	r.bytes = float64(r.bytes*fade) + float64(r.wire(h))
	r.span = float64(r.span*fade) + span
}

// wire is what one copy of a group takes without its parity, which is only sent where an uplink has room left.
func (r *rate) wire(h *chunk.GroupHeader) int { return int(h.Size) + int(h.Data)*r.overhead }

// perSecond is the estimate in bytes per second; 0 when nothing is known.
func (r *rate) perSecond() uint64 {
	if r.span < 0.01 || r.span < rateLeast && r.described > 0 {
		return r.described
	}
	return uint64(r.bytes / r.span)
}

// moved reports whether a differs from b by more than a tenth.
func moved(a, b uint64) bool {
	d := max(a, b) - min(a, b)
	return d > b/10
}

// movedALot reports whether a differs from b by more than a quarter: what neighbours are told costs them all a message.
func movedALot(a, b uint64) bool {
	d := max(a, b) - min(a, b)
	return d > b/4
}
