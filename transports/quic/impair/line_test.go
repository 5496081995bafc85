package impair

import (
	"math"
	"net/netip"
	"slices"
	"testing"
	"time"
)

const ms = time.Millisecond

var (
	here  = netip.MustParseAddrPort("127.0.0.1:1000")
	there = netip.MustParseAddrPort("127.0.0.1:2000")
)

func TestDelayOfPairs(t *testing.T) {
	c := Config{Median: 40 * ms, Sigma: 0.5, Min: 5 * ms, Seed: 1}
	other := c
	other.Seed = 2
	const pairs = 2001
	var all []time.Duration
	logs, same := 0.0, 0
	for i := range uint16(pairs) {
		to := netip.AddrPortFrom(there.Addr(), 2000+i)
		d := c.Delay(here, to)
		if d != c.Delay(to, here) {
			t.Fatalf("%v to %v is %v, and back %v", here, to, d, c.Delay(to, here))
		}
		if mapped := netip.AddrPortFrom(netip.AddrFrom16(to.Addr().As16()), to.Port()); c.Delay(here, mapped) != d {
			t.Fatalf("%v is another address than %v", mapped, to)
		}
		if d == other.Delay(here, to) {
			same++
		}
		all = append(all, d)
		logs += math.Pow(math.Log(float64(d)/float64(c.Median)), 2)
	}
	slices.Sort(all)
	if m := all[pairs/2]; m < 38*ms || m > 42*ms {
		t.Errorf("the median is %v; want 40ms", m)
	}
	if s := math.Sqrt(logs / pairs); s < 0.47 || s > 0.53 {
		t.Errorf("sigma is %v; want 0.5", s)
	}
	if all[0] < 5*ms || same > 1 {
		t.Errorf("the least is %v, and %d are alike with another seed", all[0], same)
	}
	if d := (&Config{Median: 40 * ms}).Delay(here, there); d != 40*ms {
		t.Errorf("without sigma a pair has %v", d)
	}
}

func TestUplinkSendsOneAfterTheOther(t *testing.T) {
	l := newLine(Config{Median: 40 * ms, Uplink: 100_000, Queue: 50 * ms}, here, 0)
	d := l.towards(there)
	for i := range 6 {
		due, what := l.admit(0, d, 972, free) // 1000 bytes on the wire: 10 ms
		if want := time.Duration(i+1)*10*ms + 40*ms; due != want || what != kept {
			t.Errorf("packet %d is due at %v (%d); want %v", i, due, what, want)
		}
	}
	if _, what := l.admit(9*ms, d, 972, free); what != overflowed {
		t.Errorf("a packet that would wait 51 ms has fate %d", what)
	}
	if due, what := l.admit(10*ms, d, 972, free); due != 110*ms || what != kept {
		t.Errorf("a packet that waits 50 ms is due at %v (%d); want 110ms", due, what)
	}
	if due, _ := l.admit(500*ms, d, 972, free); due != 550*ms {
		t.Errorf("after a silence a packet is due at %v; want 550ms, for an uplink saves nothing up", due)
	}
}

func TestJitterAndOrder(t *testing.T) {
	l := newLine(Config{Median: 40 * ms, Jitter: 20 * ms, Seed: 3}, here, 0)
	a, b := l.towards(there), l.towards(here)
	var last time.Duration
	overtakes, sum := 0, time.Duration(0)
	const packets = 1000
	for i := range packets {
		now := time.Duration(i) * ms
		due, _ := l.admit(now, a, 100, free)
		if due < now+40*ms || due >= now+60*ms {
			t.Fatalf("%v after it was written", due-now)
		}
		sum += due - now
		if due < last {
			overtakes++
		}
		last = due
	}
	if mean := sum / packets; mean < 49*ms || mean > 51*ms || overtakes < packets/4 {
		t.Errorf("mean delay %v, %d overtake; want 50ms and many", mean, overtakes)
	}
	last = 0
	for i := range packets {
		due, _ := l.admit(time.Duration(i)*ms, a, 100, keeps)
		if due < last {
			t.Fatalf("packet %d is due at %v, the one before at %v", i, due, last)
		}
		last = due
	}
	if due, _ := l.admit(0, b, 100, keeps); due > 60*ms {
		t.Errorf("another destination waits for this one: %v", due)
	}
}

func TestLossIsOfTheSeed(t *testing.T) {
	const packets = 20_000
	lose := func(seed, salt uint64) (which []int) {
		l := newLine(Config{Loss: 0.1, Seed: seed}, here, salt)
		for i := range packets {
			if _, what := l.admit(0, l.towards(there), 100, free); what == lost {
				which = append(which, i)
			}
		}
		return which
	}
	first := lose(1, 1)
	if share := float64(len(first)) / packets; share < 0.09 || share > 0.11 {
		t.Errorf("%v are lost; want 0.1", share)
	}
	if !slices.Equal(first, lose(1, 1)) {
		t.Error("the same seed loses other packets")
	}
	if slices.Equal(first, lose(1, 2)) || slices.Equal(first, lose(2, 1)) {
		t.Error("another seed or salt loses the same packets")
	}
}

func TestHeapIsFirstInFirstOut(t *testing.T) {
	l := newLine(Config{}, here, 0)
	d := l.towards(there)
	dues := []time.Duration{5, 3, 3, 9, 1, 3, 5, 1, 7, 3}
	packets := make([]*packet, len(dues))
	for i, due := range dues {
		packets[i] = &packet{to: d}
		l.push(due, packets[i])
	}
	for _, want := range []int{4, 7, 1, 2, 5, 9, 0, 6, 8, 3} {
		if got := slices.Index(packets, l.pop()); got != want {
			t.Errorf("packet %d leaves in place of %d", got, want)
		}
	}
	if _, some := l.next(); some || d.held != 0 {
		t.Errorf("something is left, %d of the destination", d.held)
	}
}

func TestEverythingIsBounded(t *testing.T) {
	l := newLine(Config{Median: ms}, here, 0)
	busy := l.towards(there)
	for range maxHeld {
		due, _ := l.admit(0, busy, 100, free)
		l.push(due, &packet{to: busy})
	}
	if _, what := l.admit(0, busy, 100, free); what != overrun {
		t.Errorf("packet %d has fate %d", maxHeld+1, what)
	}
	for i := range uint16(2*maxDestinations + 1) {
		l.towards(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.2"), i))
	}
	if n := len(l.to); n > maxDestinations {
		t.Errorf("%d destinations are remembered", n)
	}
	if l.towards(there) != busy {
		t.Error("a destination with packets held was forgotten")
	}
}

func TestOwnAddressOnLoopback(t *testing.T) {
	c := Config{Median: 40 * ms, Sigma: 1}
	for _, wild := range []string{"0.0.0.0:1000", "[::]:1000"} {
		l := newLine(c, netip.MustParseAddrPort(wild), 0)
		if got, want := l.towards(there).delay, c.Delay(there, here); got != want {
			t.Errorf("from %s it takes %v, and back %v", wild, got, want)
		}
	}
}

func TestChange(t *testing.T) {
	first := Config{Median: 40 * ms, Uplink: 100_000, Queue: 50 * ms}
	l := newLine(first, here, 0)
	d := l.towards(there)
	const size = 1000 - ipv4Headers // 10 ms of the uplink at first
	for _, step := range []struct {
		says string
		now  time.Duration
		cfg  Config
		what fate
		due  time.Duration
	}{
		{"as it begins", 0, first, kept, 50 * ms},
		{"a fifth of the uplink, after what is in it", 0, Config{Median: 40 * ms, Uplink: 20_000, Queue: 50 * ms}, kept, 100 * ms},
		{"whose queue is full", 9 * ms, Config{Median: 40 * ms, Uplink: 20_000, Queue: 50 * ms}, overflowed, 0},
		{"but not a longer one", 9 * ms, Config{Median: 40 * ms, Uplink: 20_000, Queue: 60 * ms}, kept, 150 * ms},
		{"the default queue", 9 * ms, Config{Median: 40 * ms, Uplink: 20_000}, kept, 200 * ms},
		{"no uplink", 9 * ms, Config{Median: 40 * ms}, kept, 49 * ms},
		{"a known destination is nearer", 9 * ms, Config{Median: 7 * ms}, kept, 16 * ms},
		{"farther than the median", 9 * ms, Config{Median: 7 * ms, Min: 30 * ms}, kept, 39 * ms},
		{"the first uplink again, where the second is still busy", 155 * ms, first, kept, 210 * ms},
	} {
		l.change(step.cfg)
		if due, what := l.admit(step.now, d, size, free); due != step.due || what != step.what {
			t.Errorf("%s: due at %v, fate %d; want %v, %d", step.says, due, what, step.due, step.what)
		}
	}
	wide := Config{Median: 40 * ms, Sigma: 1, Seed: 9}
	l.change(wide)
	if got, want := d.delay, wide.Delay(here, there); got != want {
		t.Errorf("a known destination is %v away; want what the new seed says, %v", got, want)
	}
}

// Who keeps order waits for what was sent when the way was longer, and nobody else does.
func TestOrderOutlivesChange(t *testing.T) {
	l := newLine(Config{Median: 40 * ms}, here, 0)
	d := l.towards(there)
	if due, _ := l.admit(0, d, 100, keeps); due != 40*ms {
		t.Fatalf("due at %v", due)
	}
	l.change(Config{Median: 5 * ms})
	if due, _ := l.admit(ms, d, 100, keeps); due != 40*ms {
		t.Errorf("an ordered one is due at %v; want 40ms, with the one before", due)
	}
	if due, _ := l.admit(ms, d, 100, free); due != 6*ms {
		t.Errorf("a free one is due at %v; want 6ms", due)
	}
}

// A change goes on with the draws: the same packets are lost as without one.
func TestChangeKeepsTheDraws(t *testing.T) {
	lose := func(again bool) (which []int) {
		c := Config{Loss: 0.1, Seed: 1}
		l := newLine(c, here, 2)
		for i := range 1000 {
			if again && i == 500 {
				c.Median, c.Seed = 40*ms, 5
				l.change(c)
			}
			if _, what := l.admit(0, l.towards(there), 100, free); what == lost {
				which = append(which, i)
			}
		}
		return which
	}
	if plain, changed := lose(false), lose(true); len(plain) == 0 || !slices.Equal(plain, changed) {
		t.Errorf("lost are %v, and with a change %v", plain, changed)
	}
}
