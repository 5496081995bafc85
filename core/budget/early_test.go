package budget

import (
	"testing"
	"time"
)

func TestNothingIsShownEarlyWhereThereIsAnyDelay(t *testing.T) {
	for name, c := range map[string]struct { // order-free: each on its own
		delays []time.Duration // of the receipts, 250 ms apart
		shown  bool
	}{
		"none at all":           {[]time.Duration{0, 0}, true},
		"one from the first on": {[]time.Duration{time.Millisecond, time.Millisecond}, false},
	} {
		s := newAllocator(t, Config{}).Share(1)
		for i, d := range c.delays {
			now := time.Duration(i+1) * 250 * time.Millisecond
			s.Take(now, 1, 1000)
			s.Receipt(now, 1, uint64(i+1)*1000, d)
		}
		if rate, _ := s.Rate(); rate > 0 != c.shown {
			t.Errorf("%s: rate %d", name, rate)
		}
	}
}
