package budget

import (
	"math/rand/v2"
	"testing"
)

func TestWhatAShareIsNotBoundToIsLent(t *testing.T) {
	for name, c := range map[string]struct { // order-free: each stands alone
		weights []int
		bound   []uint64
		want    []uint64 // of 400,000
	}{
		"nobody is bound":                     {[]int{3, 1}, []uint64{0, 0}, []uint64{400_000, 400_000}},
		"the heavier needs little":            {[]int{3, 1}, []uint64{90_000, 0}, []uint64{400_000, 300_000}},
		"both take their parts":               {[]int{3, 1}, []uint64{270_000, 90_000}, []uint64{300_000, 100_000}},
		"the lighter has borrowed":            {[]int{3, 1}, []uint64{0, 360_000}, []uint64{300_000, 400_000}},
		"the heavier takes back its part":     {[]int{3, 1}, []uint64{180_000, 360_000}, []uint64{300_000, 200_000}},
		"one of three leaves most of its own": {[]int{2, 1, 1}, []uint64{9_000, 360_000, 360_000}, []uint64{200_000, 195_000, 195_000}},
		"more than there is":                  {[]int{1, 1}, []uint64{MaxCap * 2, MaxCap * 2}, []uint64{200_000, 200_000}},
		"a single one":                        {[]int{7}, []uint64{360_000}, []uint64{400_000}},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAllocator(t, Config{Cap: 400_000})
			var shares []*Share
			for i, w := range c.weights {
				s := a.Share(w)
				s.Bind(c.bound[i])
				shares = append(shares, s)
			}
			for i, s := range shares {
				if got := s.Cap(); got != c.want[i] {
					t.Errorf("share %d can count on %d, want %d", i, got, c.want[i])
				}
			}
		})
	}
}

// Shares that bind themselves to nine tenths of what they can count on, in any order, come to rest with nine tenths of the whole bound,
// and none has less than its part by weight.
func TestSharesThatTakeWhatTheyCanCountOnFillTheUplinkAndNoMore(t *testing.T) {
	const seed, whole = 20261128, 1_000_000
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 50 {
		a := newAllocator(t, Config{Cap: whole})
		var shares []*Share
		wants := make([]uint64, 2+rng.IntN(4))
		for i := range wants {
			shares = append(shares, a.Share(1+rng.IntN(9)))
			wants[i] = rng.Uint64N(whole)
		}
		for range 60 * len(shares) {
			i := rng.IntN(len(shares))
			shares[i].Bind(min(wants[i], shares[i].Cap()*9/10))
		}
		sum, wanted := uint64(0), uint64(0)
		for i, s := range shares {
			sum += s.bound
			wanted += wants[i]
			if fair := whole * s.weight / a.weights; s.bound < min(wants[i], fair*9/10)-1 {
				t.Errorf("a share that wants %d is bound to %d, its part by weight is %d", wants[i], s.bound, fair)
			}
		}
		if most := min(wanted, whole*9/10); sum > most+10 || sum+10 < most {
			t.Errorf("%d are bound in all, want %d", sum, most)
		}
	}
}
