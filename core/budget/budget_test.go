package budget

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
)

func newAllocator(t testing.TB, cfg Config) *Allocator {
	t.Helper()
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// second remembers what left in the last second, both ends included.
type second struct {
	at    []time.Duration
	bytes []int
	sum   int
}

func (s *second) add(now time.Duration, bytes int) int {
	s.at, s.bytes, s.sum = append(s.at, now), append(s.bytes, bytes), s.sum+bytes
	for now-s.at[0] > time.Second {
		s.sum -= s.bytes[0]
		s.at, s.bytes = s.at[1:], s.bytes[1:]
	}
	return s.sum
}

func TestNoSecondExceedsTheCap(t *testing.T) {
	const seed = 20260805
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 40 {
		limit := MinCap + rng.IntN(1<<(13+rng.IntN(10)))
		a := newAllocator(t, Config{Cap: uint64(limit)})
		var shares []*Share
		for range 1 + rng.IntN(4) {
			shares = append(shares, a.Share(1+rng.IntN(5)))
		}
		var window second
		now, most := time.Duration(0), 0
		for range 20_000 {
			switch rng.IntN(6000) {
			case 0:
				now += time.Duration(rng.Int64N(int64(3 * time.Second)))
			default:
				now += time.Duration(rng.Int64N(int64(time.Millisecond / 2)))
			}
			if rng.IntN(20) == 0 {
				n := rng.IntN(limit/200 + 1)
				a.Charge(now, n)
				most = max(most, window.add(now, n))
			}
			size := 1 + rng.IntN(1500)
			if ok, retry := shares[rng.IntN(len(shares))].Take(now, scheduler.Class(1+rng.IntN(4)), size); ok {
				most = max(most, window.add(now, size))
			} else if retry <= now {
				t.Fatalf("refused at %v, and told to come back at %v", now, retry)
			}
			if most > limit && a.Overruns() == 0 {
				t.Fatalf("%d bytes in the second before %v, the cap is %d", most, now, limit)
			}
		}
		if limit < 1_000_000 && most < limit*8/10 { // beyond, too little is asked for
			t.Errorf("at most %d bytes in a second, of %d: the cap is not used", most, limit)
		}
	}
}

func TestGrantsStayWithinTheCapHoweverMuchIsCharged(t *testing.T) {
	const limit = 100_000
	a := newAllocator(t, Config{Cap: limit})
	s := a.Share(1)
	var window second
	for now := time.Duration(0); now < 20*time.Second; now += time.Millisecond {
		if now%(3*time.Second) == 0 {
			a.Charge(now, limit)
		}
		if ok, _ := s.Take(now, scheduler.ClassInterior, 1000); ok {
			if now%(3*time.Second) < 900*time.Millisecond {
				t.Fatalf("granted at %v, before the charge is paid", now)
			}
			if got := window.add(now, 1000); got > limit {
				t.Fatalf("%d bytes", got)
			}
		}
	}
	if a.Overruns() == 0 {
		t.Error("a second's worth was charged at once, and not counted")
	}
}

// asker asks for frames of one size as soon as it may.
type asker struct {
	share *Share
	class scheduler.Class
	size  int
	at    time.Duration
	got   int
}

// run lets askers ask until end, each coming back up to 2 ms late.
func run(rng *rand.Rand, end time.Duration, askers ...*asker) {
	for {
		next := askers[0]
		for _, a := range askers {
			if a.at < next.at {
				next = a
			}
		}
		if next.at >= end {
			return
		}
		ok, retry := next.share.Take(next.at, next.class, next.size)
		if ok {
			next.got += next.size
			continue
		}
		next.at = retry + time.Duration(rng.Int64N(int64(2*time.Millisecond)))
	}
}

func TestBusySharesGetBytesByWeight(t *testing.T) {
	const limit = 500_000
	rng := rand.New(rand.NewPCG(1, 1))
	a := newAllocator(t, Config{Cap: limit})
	one := &asker{share: a.Share(1), class: scheduler.ClassLeaf, size: 1200}
	three := &asker{share: a.Share(3), class: scheduler.ClassLeaf, size: 700}
	run(rng, 30*time.Second, one, three)
	if ratio := float64(three.got) / float64(one.got); ratio < 2.9 || ratio > 3.1 {
		t.Errorf("%d and %d bytes by weights 3 and 1: ratio %.2f", three.got, one.got, ratio)
	}
	if got := one.got + three.got; got < 30*limit*9/10 {
		t.Errorf("%d bytes of %d", got, 30*limit)
	}
}

func TestAnIdleSharesPartIsLent(t *testing.T) {
	const limit = 500_000
	rng := rand.New(rand.NewPCG(1, 1))
	a := newAllocator(t, Config{Cap: limit})
	idle := a.Share(9)
	busy := &asker{share: a.Share(1), class: scheduler.ClassLeaf, size: 1200}
	run(rng, 10*time.Second, busy)
	if busy.got < 10*limit*9/10 {
		t.Errorf("%d bytes of %d", busy.got, 10*limit)
	}
	// It has saved nothing up, but gets its part from now on.
	back := &asker{share: idle, class: scheduler.ClassLeaf, size: 1200, at: 10 * time.Second}
	busy.got = 0
	run(rng, 20*time.Second, busy, back)
	if ratio := float64(back.got) / float64(busy.got); ratio < 8.5 || ratio > 9.5 {
		t.Errorf("%d and %d bytes by weights 9 and 1: ratio %.2f", back.got, busy.got, ratio)
	}
}

func TestAMoreUrgentClassGoesFirst(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	a := newAllocator(t, Config{Cap: 500_000})
	s := a.Share(1)
	interior := &asker{share: s, class: scheduler.ClassInterior, size: 1200}
	leaf := &asker{share: s, class: scheduler.ClassLeaf, size: 1200}
	extra := &asker{share: s, class: scheduler.ClassExtra, size: 1200}
	run(rng, 10*time.Second, interior, leaf, extra)
	if interior.got < 4*(leaf.got+extra.got) || leaf.got < extra.got {
		t.Errorf("interior %d, leaf %d, extra %d bytes", interior.got, leaf.got, extra.got)
	}
	alone := &asker{share: s, class: scheduler.ClassExtra, size: 1200, at: 10 * time.Second}
	run(rng, 20*time.Second, alone)
	if alone.got < 10*500_000*9/10 {
		t.Errorf("with nothing more urgent, %d bytes of extra", alone.got)
	}
}

func TestRepairIsBoundedOnlyWhileOthersWantTheUplink(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	a := newAllocator(t, Config{Cap: 500_000, Repair: 20})
	s := a.Share(1)
	interior := &asker{share: s, class: scheduler.ClassInterior, size: 1200}
	repair := &asker{share: s, class: scheduler.ClassRepair, size: 1200}
	run(rng, 10*time.Second, interior, repair)
	if share := float64(repair.got) / float64(repair.got+interior.got); share < 0.15 || share > 0.27 {
		t.Errorf("repair took %.2f of the uplink, the bound is 0.20", share)
	}
	repair.got, repair.at = 0, 10*time.Second
	run(rng, 20*time.Second, repair)
	if repair.got < 10*500_000*9/10 {
		t.Errorf("alone, repair got %d bytes", repair.got)
	}
}

func TestAShareThatDoesNotComeBackIsNotWaitedForLong(t *testing.T) {
	a := newAllocator(t, Config{Cap: 100_000})
	gone, other := a.Share(1), a.Share(1)
	now := time.Duration(0)
	for ok := true; ok; {
		ok, _ = gone.Take(now, scheduler.ClassInterior, 1200)
	}
	got := 0
	for ; now < time.Second; now += time.Millisecond {
		if ok, _ := other.Take(now, scheduler.ClassLeaf, 1200); ok {
			got += 1200
		}
	}
	if got < 85_000 {
		t.Errorf("%d bytes in a second of 100000", got)
	}
}

func TestRateIsThePartByWeightOfWhatAllWant(t *testing.T) {
	a := newAllocator(t, Config{Cap: 400_000})
	one, three := a.Share(1), a.Share(3)
	one.Bind(400_000)
	three.Bind(400_000)
	rate, shown := three.Rate()
	if three.Cap() != 300_000 || one.Cap() != 100_000 || !shown || rate < 270_000 || rate > 300_000 {
		t.Errorf("caps %d and %d, rate %d", three.Cap(), one.Cap(), rate)
	}
	a.Charge(0, 40_000)
	if less, _ := three.Rate(); less+30_000 != rate {
		t.Errorf("rate %d with 40000 bytes a second charged, %d without", less, rate)
	}
	three.Close()
	three.Close()
	if one.Cap() != 400_000 {
		t.Errorf("cap %d once the other is closed", one.Cap())
	}
	if ok, retry := three.Take(0, scheduler.ClassRepair, 1); ok || retry < time.Hour {
		t.Error("a closed share was granted bytes")
	}
	if free := newAllocator(t, Config{}).Share(1); free.Cap() != 0 {
		t.Errorf("cap %d where there is none", free.Cap())
	} else if rate, shown := free.Rate(); rate != 0 || shown {
		t.Errorf("rate %d, shown %v before any receipt", rate, shown)
	}
}

func TestSetCapHoldsFromThenOn(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	a := newAllocator(t, Config{Cap: 1_000_000})
	s := &asker{share: a.Share(1), class: scheduler.ClassLeaf, size: 1200}
	run(rng, 5*time.Second, s)
	if err := a.SetCap(5*time.Second, 100_000); err != nil {
		t.Fatal(err)
	}
	s.got = 0
	run(rng, 6*time.Second, s)
	if s.got > 100_000 || s.got < 80_000 {
		t.Errorf("%d bytes in the first second at 100000", s.got)
	}
	if err := a.SetCap(6*time.Second, 5); !errors.Is(err, ErrConfig) || a.Share(1).Cap() != 100_000 {
		t.Errorf("a cap of 5: %v", err)
	}
	if err := a.SetCap(6*time.Second, 0); err != nil {
		t.Fatal(err)
	}
	if rate, shown := s.share.Rate(); rate != 0 || shown {
		t.Errorf("rate %d, shown %v once the cap is gone", rate, shown)
	}
}

func TestNewRefuses(t *testing.T) {
	for name, c := range map[string]struct { // order-free: each on its own
		cfg  Config
		want string
	}{
		"a cap that carries nothing":   {Config{Cap: 1000}, "Cap 1000"},
		"a cap beyond 32 Gb/s":         {Config{Cap: 1 << 40}, "Cap"},
		"a cap of a few large frames":  {Config{Cap: 20_000, Largest: 16 << 10}, "Largest 16384"},
		"a frame larger than 64 KiB":   {Config{Largest: 1 << 20}, "Largest"},
		"a negative frame":             {Config{Largest: -1}, "Largest -1"},
		"more repair than there is":    {Config{Repair: 101}, "Repair 101"},
		"a first try that is too slow": {Config{Initial: 5}, "Initial 5"},
	} {
		a, err := New(c.cfg)
		if a != nil || !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func BenchmarkTake(b *testing.B) {
	a := newAllocator(b, Config{Cap: MaxCap})
	s := a.Share(1)
	now := time.Duration(0)
	b.ReportAllocs()
	for b.Loop() {
		now += 10 * time.Microsecond
		s.Take(now, scheduler.ClassInterior, 1200)
	}
}
