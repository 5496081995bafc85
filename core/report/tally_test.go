package report

import (
	"math/rand/v2"
	"testing"
)

func TestATallyCountsWhatAHistogramCounts(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var tally Tally
	var h Histogram
	for i := range 10_000 {
		us := random.Int64N(1<<(i%40)) - 5
		tally.Add(us)
		h.Add(us)
	}
	if tally.Histogram() != h {
		t.Error("a tally and a histogram of the same durations differ")
	}
}
