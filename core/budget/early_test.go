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
			s.Receipt(now, 1, Receipt{Acked: uint64(i+1) * 1000, Delay: d})
		}
		if rate, _ := s.Rate(); rate > 0 != c.shown {
			t.Errorf("%s: rate %d", name, rate)
		}
	}
}

func TestWhoIsRefusedIsGrantedNextTimeForAllThatIsChargedMeanwhile(t *testing.T) {
	const (
		frame  = 1000
		ack    = 100
		every  = 10 * time.Millisecond
		limit  = 50_000 // bytes per second, of which acks take a fifth
		rounds = 200
	)
	a := newAllocator(t, Config{Cap: limit, Largest: frame})
	s := a.Share(1)
	now, asked := time.Duration(0), 0
	for granted := 0; granted < rounds; {
		ok, retry := s.Take(now, 1, frame)
		asked++
		if ok {
			granted++
			continue
		}
		for at := (now/every + 1) * every; at <= retry; at += every {
			a.Charge(at, ack)
		}
		now = retry
	}
	if asked > 3*rounds {
		t.Errorf("asked %d times for %d frames, want little more than twice each", asked, rounds)
	}
}
