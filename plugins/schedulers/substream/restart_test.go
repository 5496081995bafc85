package substream_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/core/sim"
)

// homes is n viewers, who have half as much again of uplink as they need and do not know it.
func homes(n int) sim.Config {
	cfg := short(n)
	cfg.Duration, cfg.Series = 26*time.Second, sim.PerSecond
	cfg.Stream = sim.Stream{Bitrate: 1_000_000, Group: 100 * time.Millisecond}
	wire := cfg.WireRate()
	source := uint64(5_000_000 / 8)
	cfg.Source = sim.Uplink{Rate: source, Cap: source}
	each := (1.5 - float64(source)/wire/float64(n)) / 1.37
	for i := range cfg.Groups {
		rate := uint64(each * wire * []float64{0, 0.7, 1.5, 4, 0.7, 1.5, 0, 0.7, 1.5, 4, 0.7, 1.5, 0, 0.7, 1.5, 4, 0.7, 1.5, 0.7, 1.5}[i%20])
		cfg.Groups[i].Uplink.Rate = max(rate, sim.None)
	}
	return cfg
}

func TestViewersResumeSoonAfterTheSourceHasBegunAnew(t *testing.T) {
	for seed := range uint64(3) {
		cfg := homes(24)
		cfg.Seed = seed + 1
		const at, down = 9 * time.Second, 9 * time.Second
		cfg.Faults = []sim.Fault{sim.SourceDown{At: at, For: down}}
		list, r := resumptions(t, cfg, at+down)
		if len(list) != 24 {
			t.Fatalf("seed %d: %d of 24 viewers play again", cfg.Seed, len(list))
		}
		t.Logf("seed %d: p50 %v, last %v", cfg.Seed, list[12], list[23])
		atMost(t, "time until the last plays, s", list[23].Seconds(), 3)
		for _, s := range r.Series[21:] {
			atLeast(t, fmt.Sprintf("continuity in second %.0f", s.At), s.Continuity, 0.97)
		}
	}
}

// resumptions is how long after a time it takes until viewers play what was born since, in order.
func resumptions(t *testing.T, cfg sim.Config, since time.Duration) (list []time.Duration, r *report.Report) {
	t.Helper()
	seen := make(map[int]bool)
	cfg.Deliver = func(peer int, d engine.Delivery) {
		if d.Group.Epoch > 1 && !d.Gap() && d.Group.RandomAccess && !seen[peer] {
			seen[peer] = true
			list = append(list, d.Due-since)
		}
	}
	r = run(t, cfg)
	slices.Sort(list)
	return list, r
}
