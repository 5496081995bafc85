package report

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestCumulativeCountsAndSumFollowTheSamples(t *testing.T) {
	const seed = 20260807
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	var h Histogram
	if h.AtMost(math.MaxInt64) != 0 || h.Sum() != 0 {
		t.Error("an empty histogram is not zero")
	}
	var values []int64
	var sum, last float64
	for range 10_000 {
		us := int64(50_000 * math.Exp(rng.NormFloat64()))
		values = append(values, us)
		sum += float64(us)
		h.Add(us)
		if h.Sum() < last {
			t.Fatal("the sum has shrunk")
		}
		last = h.Sum()
	}
	if got := h.Sum(); math.Abs(got-sum) > 0.016*sum {
		t.Errorf("sum is %v, want %v", got, sum)
	}
	var before uint64
	for _, bound := range []int64{-1, 0, 1, 1000, 20_000, 50_000, 100_000, 1_000_000, math.MaxInt64} {
		var low, high uint64
		for _, v := range values {
			if v <= bound {
				low++
			}
			if float64(v) <= 1.033*float64(bound) || v <= bound {
				high++
			}
		}
		got := h.AtMost(bound)
		if got < low || got > high || got < before {
			t.Errorf("%d samples at most %d us, want %d to %d", got, bound, low, high)
		}
		before = got
	}
	if before != h.Count() {
		t.Errorf("%d samples at most anything, of %d", before, h.Count())
	}
}
