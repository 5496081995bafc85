package sim

import (
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/plugins/schedulers/substream"
)

// lively is a swarm in which all happens that a run knows: joins, departures, faults, losses, two streams.
func lively() Config {
	return Config{
		Seed: 3, Duration: 8 * time.Second, Policy: substream.New, PolicyName: "substream", Series: PerSecond,
		Groups: []Class{
			{Count: 20, Over: 2 * time.Second, Uplink: Uplink{Rate: 500_000}},
			{Count: 10, At: time.Second, Over: time.Second, Stay: 5 * time.Second, Uplink: Uplink{Rate: 300_000, Down: 1_000_000}},
			{Count: 1, Kind: Helper, Uplink: Uplink{Rate: 1_000_000, Cap: 1_000_000}},
		},
		Streams: []Share{{}, {Weight: 2, Bitrate: 200_000}},
		Network: Network{Median: 40 * time.Millisecond, Sigma: 0.5, Min: 20 * time.Millisecond, Jitter: 2 * time.Millisecond, Loss: 0.01},
		Faults: []Fault{
			Kill{At: 4 * time.Second, Share: 0.1}, FreeRide{At: 5 * time.Second, Share: 0.1}, Poison{At: 5 * time.Second, Share: 0.1},
		},
	}
}

// text runs a configuration, with windows of a length, or of its own for 0.
func text(t *testing.T, cfg Config, ahead time.Duration) string {
	t.Helper()
	w, err := build(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if ahead > 0 {
		w.ahead = ahead
	}
	if err := w.run(); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(w.result())
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestReportsAreTheSameInWhateverOrderAndAtOnceLanesAreServed(t *testing.T) {
	cfg := lively()
	want := text(t, cfg, 0)
	calls := 0
	for name, each := range map[string]func(n int, f func(int)){ // order-free: each stands alone
		"backwards": func(n int, f func(int)) {
			calls++
			for i := n - 1; i >= 0; i-- {
				f(i)
			}
		},
		"at once": func(n int, f func(int)) {
			var all sync.WaitGroup
			for i := range n {
				all.Go(func() { f(i) })
			}
			all.Wait()
		},
	} {
		cfg.Each = each
		if got := text(t, cfg, 0); got != want {
			t.Errorf("%s:\n%s\none after the other:\n%s", name, got, want)
		}
	}
	if calls < 100 {
		t.Errorf("%d windows were divided, want most of the %d", calls, 8*50)
	}
}

func TestAWindowChangesNothingButTheOrderOfWhatIsIndependent(t *testing.T) {
	cfg := lively()
	want := text(t, cfg, 1) // a nanosecond: an event at a time
	for _, ahead := range []time.Duration{time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond} {
		if got := text(t, cfg, ahead); got != want {
			t.Errorf("windows of %v:\n%s\nnone:\n%s", ahead, got, want)
		}
	}
	if text(t, cfg, 200*time.Millisecond) == want {
		t.Error("windows beyond the least delay give the same report: the test shows nothing")
	}
}

func TestALaneServesWhatAPeerMakesForItselfInTheWindow(t *testing.T) {
	w := &lane{world: new(world), until: 50, serving: 7}
	for _, at := range []time.Duration{10, 20, 30} {
		w.mine = append(w.mine, planned{at, happening{peer: 7, size: int32(at)}})
	}
	w.done = 1                    // of the event at 10
	w.add(20, happening{peer: 7}) // after the one that was there
	w.add(12, happening{peer: 7}) //
	w.add(50, happening{peer: 7}) // beyond the window
	w.add(15, happening{peer: 8}) // another's
	w.add(49, happening{what: doWake, peer: 7})
	var times []time.Duration
	for _, m := range w.mine {
		times = append(times, m.at)
	}
	if want := []time.Duration{10, 12, 20, 20, 30, 49}; !slices.Equal(times, want) || w.mine[2].size != 20 {
		t.Errorf("its events are at %v, want %v", times, want)
	}
	if len(w.later) != 2 || w.later[0].at != 50 || w.later[1].peer != 8 {
		t.Errorf("later come %+v, want those of 50 and of peer 8", w.later)
	}
}
