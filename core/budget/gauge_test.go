package budget

import (
	"fmt"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// within reports whether a rate is shown, and within percent of want.
func within(s *Share, want, percent float64) error {
	rate, shown := s.Rate()
	if off := 100 * (float64(rate)/want - 1); !shown || off < -percent || off > percent {
		return fmt.Errorf("rate %d of %.0f, %+.1f %%, shown %v", rate, want, off, shown)
	}
	return nil
}

func TestTheGaugeFindsAnUplinkFromBurstsFarBelowIt(t *testing.T) {
	for _, c := range []struct {
		rate   float64 // bytes per second
		frames int     // of 1000 bytes, in each burst of 100 ms
	}{{125_000, 5}, {1_000_000, 25}} {
		for _, jitter := range []time.Duration{0, 2 * time.Millisecond} {
			s := newAllocator(t, Config{}).Share(1)
			u := newUplink(c.rate, 3)
			u.jitter = jitter
			u.bursts(s, c.frames, 0, 2*time.Second)
			if err := within(s, c.rate, 20); err != nil { // of which 5 are left over
				t.Errorf("%.0f bytes a second, jitter %v, after two: %v", c.rate, jitter, err)
			}
			u.bursts(s, c.frames, 2*time.Second, 10*time.Second)
			if err := within(s, c.rate, 16); err != nil { // a frame of a slow uplink takes four times the jitter
				t.Errorf("%.0f bytes a second, jitter %v, after ten: %v", c.rate, jitter, err)
			}
		}
	}
}

func TestWhatATransportHandsBackWasNotSent(t *testing.T) {
	s := newAllocator(t, Config{}).Share(1)
	u := newUplink(1_000_000, 3)
	u.full = 25
	u.bursts(s, 25, 0, 2*time.Second)
	if err := within(s, u.rate, 10); err != nil {
		t.Errorf("as many frames were handed back as left: %v", err)
	}
}

func TestWhatIsChargedDelaysWhatComesAfterIt(t *testing.T) {
	for rate, frames := range map[float64]int{250_000: 10, 1_000_000: 25} { // order-free: each on its own
		a := newAllocator(t, Config{})
		s := a.Share(1)
		u := newUplink(rate, 3)
		u.charges = a
		u.bursts(s, frames, 0, 4*time.Second)
		if err := within(s, rate, 10); err != nil {
			t.Errorf("%.0f bytes a second, a third of what leaves is control: %v", rate, err)
		}
	}
}

func TestTheGaugeBelievesNoNeighbourAlone(t *testing.T) {
	for name, lie := range map[string]func(d *time.Duration){ // order-free: each on its own
		"who tells of no delay":   func(d *time.Duration) { *d = 0 },
		"who tells of long ones":  func(d *time.Duration) { *d = 90 * time.Millisecond },
		"who tells of impossible": func(d *time.Duration) { *d = time.Hour },
	} {
		s := newAllocator(t, Config{}).Share(1)
		u := newUplink(1_000_000, 4)
		u.lie = func(l swarm.LinkID, d *time.Duration, n uint64) uint64 {
			if l == 1 {
				lie(d)
			}
			return n
		}
		u.bursts(s, 8, time.Second, 6*time.Second)
		if err := within(s, u.rate, 30); err != nil {
			t.Errorf("one of four %s: %v", name, err)
		}
	}
}

func TestOneWhoIsHeardOftenHasAThirdOfTheSamples(t *testing.T) {
	var g gauge
	for i := range 40 {
		now := time.Duration(i+1) * 100 * time.Millisecond
		g.keep(sample{linkKey{1, 1}, now, 10_000_000, exactly})
		g.keep(sample{linkKey{1, 1}, now + 1, 10_000_000, exactly})
		g.keep(sample{linkKey{1, swarm.LinkID(2 + i%2)}, now, 100_000, exactly})
	}
	if s, ok := g.read(4 * time.Second); !ok || s.rate != 100_000 {
		t.Errorf("read %d, %v", s.rate, ok)
	}
	if _, ok := g.read(4*time.Second + gaugeFresh + 1); ok {
		t.Error("samples are read that are long past")
	}
}

func TestWhatNoRateExplainsSaysNothing(t *testing.T) {
	var g gauge
	for range 4 {
		g.sent(time.Second, linkKey{1, 1}, 1000)
	}
	if rate, _ := g.links[0].tells(200 * time.Millisecond); rate != 0 {
		t.Errorf("%d bytes a second, by a delay that no queue of ours has", rate)
	}
}

func TestWhereNobodyTellsNothingIsShown(t *testing.T) {
	a := newAllocator(t, Config{})
	s := a.Share(1)
	u := newUplink(1_000_000, 3)
	u.mute = true
	u.bursts(s, 25, 0, 10*time.Second)
	if rate, shown := s.Rate(); shown || rate != 0 {
		t.Errorf("rate %d, shown %v without a receipt", rate, shown)
	}
}

func TestWithoutAReadingDelaysLeadAfterThreeSeconds(t *testing.T) {
	s := newAllocator(t, Config{}).Share(1)
	u := newUplink(1_000_000, 3)
	u.unsaid = true // the host does not tell what it sends
	u.bursts(s, 10, 0, 2900*time.Millisecond)
	if rate, _ := s.Rate(); rate > 0 {
		t.Errorf("rate %d is shown before the gauge can have read", rate)
	}
	u.bursts(s, 10, 2900*time.Millisecond, 5*time.Second)
	if rate, shown := s.Rate(); shown || rate < 100_000 || rate > 250_000 {
		t.Errorf("rate %d, shown %v where 100000 are confirmed", rate, shown)
	}
}

func TestEqualInputsGiveEqualReadings(t *testing.T) {
	var rates [2]uint64
	for i := range rates {
		s := newAllocator(t, Config{}).Share(1)
		u := newUplink(700_000, 5)
		u.jitter = 3 * time.Millisecond
		u.bursts(s, 20, 0, 3*time.Second)
		rates[i], _ = s.Rate()
	}
	if rates[0] != rates[1] {
		t.Errorf("%d and %d bytes a second", rates[0], rates[1])
	}
}

func TestTheGaugesRatesCoverWhatHomesHave(t *testing.T) {
	for j := 1; j < gauges; j++ {
		if step := 1000 * gaugeCosts[j-1] / gaugeCosts[j]; step < 1299 || step > 1301 {
			t.Errorf("rate %d is %d thousandths of the one before", j, step)
		}
	}
	if slowest, fastest := pico/gaugeCosts[0], pico/gaugeCosts[gauges-1]; slowest > 2*MinCap || fastest < 12_500_000 {
		t.Errorf("%d to %d bytes a second", slowest, fastest)
	}
}

// BenchmarkSent is what a peer without a cap pays for a frame that it sends.
func BenchmarkSent(b *testing.B) {
	s := newAllocator(b, Config{}).Share(1)
	now := time.Duration(0)
	for b.Loop() {
		now += 100 * time.Microsecond
		s.Sent(now, swarm.LinkID(now/time.Millisecond%32+1), 1200)
	}
}

func TestDelaysWithoutRhymeOrReasonAreNoUplink(t *testing.T) {
	for _, c := range []struct {
		rates []int64
		want  int64
		bound bound
	}{
		{[]int64{90, 100, 110}, 100, exactly},
		{[]int64{60, 100, 110}, 60, atLeast}, // of three, all must agree
		{[]int64{30, 60, 100, 110, 300}, 60, atLeast},
		{[]int64{30, 90, 100, 110, 120}, 100, exactly},
		{[]int64{30, 60, 100, 101, 102, 103, 104, 300, 500}, 102, exactly},
	} {
		var g gauge
		for i, rate := range c.rates {
			g.samples[len(c.rates)-1-i] = sample{at: time.Second, rate: rate, bound: exactly}
		}
		if s, ok := g.read(time.Second); !ok || s.rate != c.want || s.bound != c.bound {
			t.Errorf("samples %d: %+v, %v; want %d, %d", c.rates, s, ok, c.want, c.bound)
		}
	}
}

func TestWhoTellsOfNoDelayOutvotesOnlyFewer(t *testing.T) {
	for _, c := range []struct {
		least []int64 // samples that say at least
		want  int64
		bound bound
	}{
		{[]int64{20, 30, 40, 50}, 100, exactly}, // they say the same
		{[]int64{120, 130}, 100, exactly},
		{[]int64{120, 130, 140}, 130, atLeast},
	} {
		var g gauge
		for i, rate := range []int64{90, 100, 110} {
			g.samples[i] = sample{at: time.Second, rate: rate, bound: exactly}
		}
		for i, rate := range c.least {
			g.samples[3+i] = sample{at: time.Second, rate: rate, bound: atLeast}
		}
		if s, ok := g.read(time.Second); !ok || s.rate != c.want || s.bound != c.bound {
			t.Errorf("at least %d: %+v, %v; want %d, %d", c.least, s, ok, c.want, c.bound)
		}
	}
}

func TestTheFirstTrainsShowAnUplink(t *testing.T) {
	for _, rate := range []float64{100_000, 250_000, 600_000} {
		s := newAllocator(t, Config{}).Share(1)
		u := newUplink(rate, 6)
		u.jitter = 2 * time.Millisecond
		for i := range u.peers { // to one after another, all of them new
			at := time.Duration(i) * 100 * time.Millisecond
			for range 6 {
				u.next = i
				u.send(s, at)
			}
			u.run(s.of, s, 0, at, at+100*time.Millisecond)
		}
		u.run(s.of, s, 0, 600*time.Millisecond, time.Second)
		if err := within(s, rate, 15); err != nil {
			t.Errorf("six trains of six frames: %v", err)
		}
	}
}

func TestATrainThatIsCutOffShowsNothing(t *testing.T) {
	s := newAllocator(t, Config{}).Share(1)
	u := newUplink(100_000, 4)
	u.most = 40 * time.Millisecond // four frames
	for i := range u.peers {
		for range 12 {
			u.next = i
			u.send(s, time.Duration(i)*100*time.Millisecond)
		}
		u.run(s.of, s, 0, time.Duration(i)*100*time.Millisecond, time.Duration(i+1)*100*time.Millisecond)
	}
	u.run(s.of, s, 0, 400*time.Millisecond, time.Second)
	if rate, shown := s.Rate(); shown && rate > 115_000 {
		t.Errorf("an uplink of 100000 bytes a second that drops half of what is sent shows %d", rate)
	}
}
