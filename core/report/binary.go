package report

import (
	"encoding/binary"
	"errors"
)

// errHistogram means that bytes are no histogram.
var errHistogram = errors.New("report: not a histogram")

// MarshalBinary is the histogram as it goes from one process of a run to another: the maximum, then each bucket that holds
// something, its distance from the one before and its count. It does not fail.
func (h Histogram) MarshalBinary() ([]byte, error) {
	b := binary.AppendVarint(nil, h.max)
	last := 0
	for i, n := range h.buckets {
		if n > 0 {
			b = binary.AppendUvarint(b, uint64(i-last))
			b = binary.AppendUvarint(b, uint64(n))
			last = i
		}
	}
	return b, nil
}

// UnmarshalBinary reads what MarshalBinary has written.
func (h *Histogram) UnmarshalBinary(b []byte) error {
	*h = Histogram{}
	used := 0
	h.max, used = binary.Varint(b)
	at := uint64(0)
	for first := true; ; first = false {
		if used <= 0 {
			return errHistogram
		}
		if b = b[used:]; len(b) == 0 {
			return nil
		}
		var step, n uint64
		if step, used = binary.Uvarint(b); used <= 0 {
			return errHistogram
		}
		b = b[used:]
		if n, used = binary.Uvarint(b); used <= 0 {
			return errHistogram
		}
		at += min(step, octaves*perOctave)
		if at >= octaves*perOctave || n>>32 > 0 || step == 0 && !first {
			return errHistogram
		}
		h.buckets[at] += uint32(n)
		h.count += n
	}
}
