package budget

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// A router of a home drops what would wait longer than this.
const routerQueue = 200 * time.Millisecond

// joined has a node with an unknown uplink begin at once with three times what it carries, and keep changing the peers it sends to, who
// take a full queue for none.
func joined(t *testing.T, rate float64) (*Share, *uplink) {
	s := newAllocator(t, Config{}).Share(1)
	u := newUplink(rate, 8)
	u.most = routerQueue
	for at := time.Duration(0); at < 3*time.Second; at += 500 * time.Millisecond {
		u.run(s.of, s, 3*rate, at, at+500*time.Millisecond)
		fresh := &u.peers[int(at/(500*time.Millisecond))%len(u.peers)]
		*fresh = receiver{least: [2]time.Duration{time.Hour, time.Hour}, leastAt: at}
		s.Forget(swarm.LinkID(int(at/(500*time.Millisecond))%len(u.peers) + 1))
	}
	return s, u
}

func TestAQueueThatOverflowsShowsWhatTheUplinkCarries(t *testing.T) {
	for _, rate := range []float64{75_000, 160_000, 430_000} {
		s, u := joined(t, rate)
		if most := s.of.estimate.over.most; float64(most) < 0.7*rate || float64(most) > 1.4*rate {
			t.Errorf("uplink of %.0f: it overflowed, which showed at most %d", rate, most)
		}
		u.run(s.of, s, 0.9*rate, 3*time.Second, 12*time.Second)
		u.delays = nil
		got := u.run(s.of, s, 0.9*rate, 12*time.Second, 20*time.Second) / 8
		if d := mean(u.delays); d > 40*time.Millisecond || got < 0.8*rate {
			t.Errorf("uplink of %.0f: %.0f bytes a second after that, and a mean queue of %v", rate, got, d)
		}
	}
}

func TestLossesByChanceTakeNothingAway(t *testing.T) {
	s := newAllocator(t, Config{}).Share(1)
	u := newUplink(400_000, 8)
	u.most, u.loss = routerQueue, 0.05
	for at := time.Duration(0); at < 20*time.Second; at += time.Second { // so that a queue comes and goes
		u.bursts(s, 10+25*int(at/time.Second%2), at, at+time.Second)
	}
	if err := within(s, 400_000, 20); err != nil {
		t.Errorf("5 %% are lost by chance: %v", err)
	}
	if s.of.estimate.over.until != 0 {
		t.Error("losses by chance were taken for a queue that overflows")
	}
}

func TestWhatIsLostByChanceIsNoOverflow(t *testing.T) {
	const seed = 20261128
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	var l losses
	var acked [12]uint64
	over, reads := 0, 0
	for i := range 20_000 { // frames, 5 ms apart
		now, j := time.Duration(i+1)*5*time.Millisecond, rng.IntN(len(acked))
		k := linkKey{1, swarm.LinkID(j + 1)}
		l.sent(now, k, 1100)
		if rng.Float64() >= 0.05 {
			acked[j] += 1100
			if i%4 == 0 {
				l.receipt(now, k, &Receipt{Acked: acked[j], Newest: now})
			}
		}
		if i%40 == 39 { // as often as the estimate moves
			reads++
			if l.read(now) > overflowing {
				over++
			}
		}
	}
	if over > reads/100 {
		t.Errorf("5 %% lost by chance were taken for an overflow %d times of %d", over, reads)
	}
}

func TestOneWhoDeniesWhatCameTakesNothingAway(t *testing.T) {
	s := newAllocator(t, Config{}).Share(1)
	u := newUplink(400_000, 8)
	u.lie = func(l swarm.LinkID, _ *time.Duration, n uint64) uint64 {
		if l == 1 {
			n /= 2
		}
		return n
	}
	u.bursts(s, 30, 0, 20*time.Second)
	if err := within(s, 400_000, 15); err != nil {
		t.Errorf("one of eight confirms half of what came: %v", err)
	}
}

func TestLossesAreThoseOfWhatLeftBeforeTheNewest(t *testing.T) {
	for name, c := range map[string]struct {
		every time.Duration // frames leave
		lost  int           // one of so many; 0 for none
		want  int64         // of perWhole
	}{
		"nothing, slowly":     {50 * time.Millisecond, 0, 0},
		"nothing, quickly":    {2 * time.Millisecond, 0, 0},
		"a quarter, slowly":   {50 * time.Millisecond, 4, 250},
		"a quarter, quickly":  {2 * time.Millisecond, 4, 250},
		"a half, in the same": {time.Microsecond, 2, 500},
	} {
		var l losses
		var acked uint64
		newest := make(map[time.Duration]Receipt) // what a receipt says that leaves at a time
		const late = 300 * time.Millisecond       // from a frame to its receipt
		for i := range 4000 {
			now := time.Duration(i) * c.every
			if c.every < time.Millisecond {
				now = time.Duration(i/20) * 50 * time.Millisecond // twenty at once
			}
			for _, k := range []linkKey{{1, 1}, {1, 2}, {1, 3}} {
				l.sent(now, k, 1000)
			}
			if c.lost == 0 || i%c.lost > 0 {
				acked += 1000
			}
			newest[now] = Receipt{Acked: acked, Newest: now}
			if r, ok := newest[now-late]; ok && i%7 == 0 {
				for _, k := range []linkKey{{1, 1}, {1, 2}, {1, 3}} {
					l.receipt(now, k, &r)
				}
			}
			if got := l.read(now); got > c.want+130 {
				t.Fatalf("%s: %d after %v, want %d", name, got, now, c.want)
			}
		}
		if got := l.links[0].share; got < c.want-130 {
			t.Errorf("%s: %d in the end, want %d", name, got, c.want)
		}
	}
}

// A transport that hands frames back, as it does when it is busy, has not lost them.
func TestWhatComesBackIsNotLost(t *testing.T) {
	var l losses
	var keys []linkKey
	for i := range 10 { // enough for what is due to count
		keys = append(keys, linkKey{1, swarm.LinkID(i + 1)})
	}
	var acked uint64
	for i := range 400 {
		now := time.Duration(i+1) * 10 * time.Millisecond
		for _, k := range keys {
			l.sent(now, k, 1000)
			if i%2 == 0 {
				l.sent(now+time.Millisecond, k, 1000)
				l.sent(now+6*time.Millisecond, k, -1000)
			}
		}
		acked += 1000
		for _, k := range keys {
			l.receipt(now+7*time.Millisecond, k, &Receipt{Acked: acked, Newest: now})
		}
		if got := l.read(now + 7*time.Millisecond); got > overflowing {
			t.Fatalf("%d of %d are lost after %v, want no more than chance", got, perWhole, now)
		}
	}
}

// One who holds his receipts back, and then says that all or nothing has come, counts for no more than the others.
func TestOneWhoIsSilentForLongDecidesNothing(t *testing.T) {
	for _, c := range []struct {
		name  string
		lost  int    // one of so many, with the others; 0 for none
		acked uint64 // what he says that he has received, per thousand
		holds func(lost int64) bool
	}{
		{"nothing is lost, and he has received nothing", 0, 1, func(lost int64) bool { return lost <= overflowing }},
		{"a half is lost, and he has received all", 2, 1000, func(lost int64) bool { return lost > overflowing }},
	} {
		var l losses
		keys := []linkKey{{1, 1}, {1, 2}, {1, 3}, {1, 4}}
		acked := uint64(0)
		for i := range 3000 {
			now := time.Duration(i+1) * 10 * time.Millisecond
			if c.lost == 0 || i%c.lost > 0 {
				acked += 1000
			}
			for j, k := range keys {
				l.sent(now, k, 1000)
				if j > 0 && i%30 == 29 {
					l.receipt(now, k, &Receipt{Acked: acked, Newest: now})
				}
			}
			if i%400 == 399 {
				l.receipt(now, keys[0], &Receipt{Acked: uint64(i+1) * c.acked, Newest: now})
			}
			if got := l.read(now); now > 4*time.Second && !c.holds(got) {
				t.Fatalf("%s: %d of %d are lost after %v", c.name, got, perWhole, now)
			}
		}
	}
}
