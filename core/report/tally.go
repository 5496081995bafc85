package report

// Tally is a Histogram while it is being filled: it holds the octaves that have come, and so takes a fifth of one where durations
// are alike. Its zero value is empty.
type Tally struct {
	count   uint64
	max     int64
	octaves [octaves]*[perOctave]uint32
}

// Add counts one duration in microseconds, as Histogram does.
func (t *Tally) Add(us int64) {
	t.count++
	t.max = max(t.max, us)
	b := bucket(us)
	o := &t.octaves[b/perOctave]
	if *o == nil {
		*o = new([perOctave]uint32)
	}
	(*o)[b%perOctave]++
}

// Histogram is what has been counted so far.
func (t *Tally) Histogram() Histogram {
	h := Histogram{count: t.count, max: t.max}
	for i, o := range t.octaves {
		if o != nil {
			copy(h.buckets[i*perOctave:], o[:])
		}
	}
	return h
}
