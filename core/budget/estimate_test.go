package budget

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

func mean(delays []time.Duration) time.Duration {
	var sum time.Duration
	for _, d := range delays {
		sum += d
	}
	return sum / time.Duration(max(len(delays), 1))
}

func TestTheEstimateFindsTheUplink(t *testing.T) {
	for _, rate := range []float64{60_000, 250_000, 1_000_000, 6_000_000} {
		a := newAllocator(t, Config{})
		s := a.Share(1)
		u := newUplink(rate, 6)
		u.run(a, s, 10e6, 0, 20*time.Second)
		u.delays = nil
		sent := u.run(a, s, 10e6, 20*time.Second, 40*time.Second) / 20
		if sent < 0.75*rate || sent > 1.05*rate {
			t.Errorf("uplink of %.0f: %.0f bytes a second", rate, sent)
		}
		t.Logf("uplink of %.0f: %.0f bytes a second, mean queue %v", rate, sent, mean(u.delays))
		if d := mean(u.delays); d > 60*time.Millisecond {
			t.Errorf("uplink of %.0f: mean queue of %v", rate, d)
		}
		if got, _ := s.Rate(); float64(got) < 0.5*rate || float64(got) > 1.6*rate {
			t.Errorf("uplink of %.0f: rate %d", rate, got)
		}
	}
}

func TestShownUplinkGrowsWithWhatIsConfirmed(t *testing.T) {
	a := newAllocator(t, Config{})
	s := a.Share(1)
	u := newUplink(1_000_000, 3)
	u.run(a, s, 20_000, 0, 4*time.Second)
	if rate, shown := s.Rate(); shown || rate < 25_000 || rate > 50_000 {
		t.Errorf("rate %d, shown %v when 20000 are confirmed", rate, shown)
	}
	u.run(a, s, 200_000, 4*time.Second, 6*time.Second)
	high, _ := s.Rate()
	if high < 250_000 || high > 450_000 {
		t.Errorf("rate %d when 200000 are confirmed", high)
	}
	u.run(a, s, 1000, 6*time.Second, 16*time.Second)
	if rate, _ := s.Rate(); rate < high*8/10 || rate > high {
		t.Errorf("rate %d after ten idle seconds, %d before", rate, high)
	}
}

func TestTheEstimateFollowsAnUplinkThatChanges(t *testing.T) {
	a := newAllocator(t, Config{})
	s := a.Share(1)
	u := newUplink(1_000_000, 4)
	u.run(a, s, 10e6, 0, 15*time.Second)
	u.rate = 200_000
	u.run(a, s, 10e6, 15*time.Second, 25*time.Second)
	if got := u.run(a, s, 10e6, 25*time.Second, 35*time.Second) / 10; got > 210_000 || got < 150_000 {
		t.Errorf("%.0f bytes a second after the uplink fell to 200000", got)
	}
	u.rate = 1_000_000
	u.run(a, s, 10e6, 35*time.Second, 50*time.Second)
	if got := u.run(a, s, 10e6, 50*time.Second, 60*time.Second) / 10; got < 700_000 {
		t.Errorf("%.0f bytes a second after the uplink came back to 1000000", got)
	}
}

func TestAnUplinkThatGrowsIsSoonKnownAgain(t *testing.T) {
	const within = 5 * time.Second
	for _, rate := range []float64{130_000, 300_000, 800_000} {
		for _, links := range []int{4, 6, 12, 20} {
			a := newAllocator(t, Config{})
			s := a.Share(1)
			u := newUplink(rate, links)
			u.jitter, u.most = 2*time.Millisecond, 200*time.Millisecond
			now := time.Duration(0)
			use := func(until time.Duration) (best float64) { // all that is known of it
				for ; now < until; now += 250 * time.Millisecond {
					known, _ := s.Rate()
					u.run(a, s, max(float64(known), rate/2), now, now+250*time.Millisecond)
					known, _ = s.Rate()
					best = max(best, float64(known)/u.rate)
				}
				return best
			}
			use(35 * time.Second)
			u.rate *= 1.56
			if known := use(now + within); known < 0.85 {
				t.Errorf("uplink of %.0f with %d links: %.2f of it is known %v after it has grown", rate, links, known, within)
			}
		}
	}
}

func TestAClockThatDriftsIsNoQueue(t *testing.T) {
	a := newAllocator(t, Config{})
	s := a.Share(1)
	u := newUplink(5_000_000, 4)
	u.drift = 30e-6
	u.run(a, s, 600_000, 0, 20*time.Minute)
	if got := u.run(a, s, 600_000, 20*time.Minute, 20*time.Minute+5*time.Second) / 5; got < 580_000 {
		t.Errorf("%.0f bytes a second of 600000 after 20 minutes", got)
	}
}

func TestABusyMachineDoesNotTakeTheUplinkAway(t *testing.T) {
	a := newAllocator(t, Config{})
	s := a.Share(1)
	u := newUplink(5_000_000, 6)
	u.run(a, s, 200_000, 0, 5*time.Second)
	u.lie = func(_ swarm.LinkID, d *time.Duration, n uint64) uint64 { // all links stay late, whatever is sent
		*d += 60 * time.Millisecond
		return n
	}
	if got := u.run(a, s, 200_000, 5*time.Second, 10*time.Second) / 5; got < 140_000 {
		t.Errorf("%.0f bytes a second of 200000", got)
	}
}

func TestALiarDecidesNothing(t *testing.T) {
	for name, lie := range map[string]func(l swarm.LinkID, d *time.Duration, n uint64) uint64{ // order-free: each on its own
		"delays that are not there": func(l swarm.LinkID, d *time.Duration, n uint64) uint64 {
			if l == 1 && n > 50_000 {
				*d += time.Second
			}
			return n
		},
		"delays kept quiet": func(l swarm.LinkID, d *time.Duration, n uint64) uint64 {
			if l == 1 {
				*d = 0
			}
			return n
		},
		"bytes that never left": func(l swarm.LinkID, d *time.Duration, n uint64) uint64 {
			if l == 1 {
				return n * 1000
			}
			return n
		},
	} {
		a := newAllocator(t, Config{})
		s := a.Share(1)
		u := newUplink(300_000, 8)
		u.lie = lie
		u.run(a, s, 10e6, 0, 20*time.Second)
		if got := u.run(a, s, 10e6, 20*time.Second, 40*time.Second) / 20; got < 200_000 || got > 330_000 {
			t.Errorf("%s: %.0f bytes a second of 300000", name, got)
		}
	}
}

func TestUnderACapTheUplinkIsBelieved(t *testing.T) {
	a := newAllocator(t, Config{Cap: 500_000})
	s := a.Share(1)
	u := newUplink(250_000, 4)
	u.run(a, s, 10e6, 0, 10*time.Second)
	if got := u.run(a, s, 10e6, 10*time.Second, 20*time.Second) / 10; got > 270_000 {
		t.Errorf("%.0f bytes a second into an uplink of 250000", got)
	}
	u.rate = 2_000_000
	u.run(a, s, 10e6, 20*time.Second, 30*time.Second)
	if got := u.run(a, s, 10e6, 30*time.Second, 40*time.Second) / 10; got < 450_000 || got > 500_000 {
		t.Errorf("%.0f bytes a second under a cap of 500000", got)
	}
}

func TestMeasuredSetsTheEstimate(t *testing.T) {
	a := newAllocator(t, Config{})
	one, two := a.Share(1), a.Share(1)
	two.Bind(300_000)
	a.Measured(0, 300_000)
	if rate, shown := one.Rate(); rate != 150_000 || !shown {
		t.Errorf("rate %d, shown %v", rate, shown)
	}
	two.Close()
	capped := newAllocator(t, Config{Cap: 100_000})
	capped.Measured(0, 300_000)
	if rate, _ := capped.Share(1).Rate(); rate > 100_000 {
		t.Errorf("rate %d above the cap", rate)
	}
}

func TestLinksAreRememberedWithinBounds(t *testing.T) {
	a := newAllocator(t, Config{})
	s, other := a.Share(1), a.Share(1)
	for l := range 2000 {
		s.Receipt(time.Duration(l)*time.Millisecond, swarm.LinkID(l+1), Receipt{Acked: 1})
		other.Receipt(time.Duration(l)*time.Millisecond, swarm.LinkID(l+1), Receipt{Acked: 1})
	}
	if got := len(a.estimate.links); got != maxLinks {
		t.Errorf("%d links", got)
	}
	s.Sent(time.Hour, 1, 100)
	s.Sent(time.Hour, 2000, 100)
	s.Forget(2000)
	s.Forget(2000)
	if got, sent := len(a.estimate.links), len(a.estimate.gauge.links); got != maxLinks-1 || sent != 1 {
		t.Errorf("%d links after one is down, %d of two that were sent on", got, sent)
	}
	s.Close()
	for _, l := range a.estimate.links {
		if l.key.share == s.id {
			t.Fatal("a closed share's links are remembered")
		}
	}
	if n := len(a.estimate.gauge.links); n != 0 {
		t.Errorf("what was sent on %d links is remembered", n)
	}
	a.Receipt(time.Hour, 1, Receipt{Acked: 5})
}
