package report

// Sum is that of all samples, in microseconds, right to 1.6 %. It never shrinks while samples are added.
func (h *Histogram) Sum() float64 {
	var sum float64
	for i, n := range h.buckets {
		if n > 0 {
			sum += float64(n) * middle(i)
		}
	}
	return sum
}

// AtMost is how many samples are no greater than us microseconds; those that share a bucket with us, 3.2 % above it
// at most, count as well. It never shrinks while samples are added, nor while us grows.
func (h *Histogram) AtMost(us int64) uint64 {
	var seen uint64
	for _, n := range h.buckets[:bucket(us)+1] {
		seen += uint64(n)
	}
	return seen
}
