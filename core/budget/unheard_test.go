package budget

import (
	"testing"
	"time"
)

func TestWhoIsHeardByNobodyCarriesNothing(t *testing.T) {
	for _, c := range []struct {
		name  string
		mute  bool
		rate  float64 // bytes per second that are sent
		shown bool
	}{
		{"nobody tells of what comes", true, 100_000, false},
		{"it comes", false, 100_000, true},
		{"next to nothing is sent", true, 2_000, true},
	} {
		s := newAllocator(t, Config{}).Share(1)
		u := newUplink(250_000, 4)
		u.bursts(s, 15, 0, 2*time.Second)
		if _, shown := s.Rate(); !shown {
			t.Fatalf("%s: the uplink is not known to begin with", c.name)
		}
		u.mute = c.mute
		u.run(s.of, s, c.rate, 2*time.Second, 5*time.Second)
		if rate, shown := s.Rate(); shown != c.shown {
			t.Errorf("%s: after 3 s %d is shown: %v", c.name, rate, shown)
		}
		u.mute = false
		u.bursts(s, 15, 5*time.Second, 8*time.Second)
		if err := within(s, 250_000, 15); err != nil {
			t.Errorf("%s: once it is heard again: %v", c.name, err)
		}
	}
}
