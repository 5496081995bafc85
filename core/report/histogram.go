package report

import "math/bits"

// Histogram counts durations in microseconds, log-linear: 32 buckets an octave, so a quantile is right to
// 3.2 %. Its zero value is empty. It holds no pointers and costs 3.6 KB.
type Histogram struct {
	count   uint64
	max     int64
	buckets [octaves * perOctave]uint32
}

const (
	perOctave = 32
	octaves   = 28 // up to 2^32 us, more than an hour
)

func bucket(us int64) int {
	if us < perOctave {
		return int(max(us, 0))
	}
	shift := bits.Len64(uint64(us)) - 6 // 32..63 after the shift
	return min((shift+1)*perOctave+int(us>>shift)-perOctave, octaves*perOctave-1)
}

func middle(b int) float64 {
	if b < perOctave {
		return float64(b)
	}
	shift := b/perOctave - 1
	low := int64(b%perOctave+perOctave) << shift
	return float64(low) + float64(int64(1)<<shift)/2
}

// Add counts one duration in microseconds; a negative one (clocks disagree) counts as 0.
func (h *Histogram) Add(us int64) {
	h.count++
	h.max = max(h.max, us)
	h.buckets[bucket(us)]++
}

// Merge adds all of o to h.
func (h *Histogram) Merge(o *Histogram) {
	h.count += o.count
	h.max = max(h.max, o.max)
	for i, n := range o.buckets {
		h.buckets[i] += n
	}
}

// Sub takes an earlier state of the same histogram away, which leaves what was added since, but for the maximum.
func (h *Histogram) Sub(o *Histogram) {
	h.count -= o.count
	for i, n := range o.buckets {
		h.buckets[i] -= n
	}
}

// Count is the number of samples.
func (h *Histogram) Count() uint64 { return h.count }

// Quantile is the value in microseconds that a share q of the samples does not exceed; 0 when empty.
func (h *Histogram) Quantile(q float64) float64 {
	if h.count == 0 {
		return 0
	}
	rank := uint64(q * float64(h.count))
	var seen uint64
	for i, n := range h.buckets {
		seen += uint64(n)
		if seen > rank || seen == h.count {
			return min(middle(i), float64(max(h.max, 0)))
		}
	}
	return float64(h.max)
}

// Percentiles of h, in milliseconds.
func (h *Histogram) Percentiles() Percentiles {
	return Percentiles{
		Samples: h.count,
		P50:     h.Quantile(0.50) / 1000,
		P95:     h.Quantile(0.95) / 1000,
		P99:     h.Quantile(0.99) / 1000,
		P999:    h.Quantile(0.999) / 1000,
		Max:     float64(h.max) / 1000,
	}
}
