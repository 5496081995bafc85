package sim_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/sim"
	"github.com/shoal-live/shoal/core/swarm"
)

// chain is the least policy that makes a swarm: a peer links to all candidates, takes every substream from the first
// who will give it, and gives to two.
type chain struct{ view scheduler.View }

func newChain(map[string]string) (scheduler.Policy, error) { return new(chain), nil }

func (p *chain) Step(b *scheduler.Batch) scheduler.Answer {
	v := &p.view
	v.Apply(b)
	a := scheduler.Answer{Revision: b.Revision, WakeAt: b.Now + 100*time.Millisecond}
	do := func(action scheduler.Action) {
		a.Actions = append(a.Actions, action)
		v.Did(a.Actions[len(a.Actions)-1:])
	}
	for _, k := range v.Known {
		if !k.Dialing && v.LinkTo(k.Peer) == nil && v.Stream.Role == swarm.Viewer {
			do(scheduler.Connect{Peer: k.Peer})
		}
	}
	for k := range v.Pushes {
		to := append([]scheduler.Target(nil), v.Pushes[k]...)
		fed := v.Stream.Role == swarm.Source
		for _, l := range v.Links {
			fed = fed || l.Feeds[k].Mode == swarm.Eager
		}
		for _, l := range v.Links {
			if !fed && b.Now >= l.Feeds[k].DeniedAt+time.Second && l.Asks[k].Mode != swarm.Eager {
				do(scheduler.Subscribe{Link: l.Link, Substreams: 1 << k, Mode: swarm.Eager})
				fed = true
			}
			if l.Asks[k].Mode == swarm.Eager && !pushed(v.Pushes[k], l.Link) {
				if len(to) < 2 {
					to = append(to, scheduler.Target{Link: l.Link, Class: scheduler.ClassLeaf})
				} else {
					do(scheduler.Refuse{Link: l.Link, Substream: k, Reason: swarm.NoCapacity})
				}
			}
		}
		if len(to) != len(v.Pushes[k]) {
			do(scheduler.Push{Substream: k, To: to})
		}
	}
	return a
}

func pushed(to []scheduler.Target, id swarm.LinkID) bool {
	for _, t := range to {
		if t.Link == id {
			return true
		}
	}
	return false
}

// crowd is n viewers that join over a second, on a network like loopback.
func crowd(n int) sim.Config {
	return sim.Config{
		Seed: 1, Duration: 10 * time.Second, Policy: newChain, PolicyName: "chain",
		Groups: []sim.Class{{Count: n, Over: time.Second}},
	}
}

func run(t testing.TB, cfg sim.Config) *report.Report {
	t.Helper()
	r, err := sim.Run(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestEqualSeedsGiveEqualReports(t *testing.T) {
	cfg := crowd(12)
	cfg.Network = sim.Network{Median: 40 * time.Millisecond, Sigma: 0.5, Jitter: 2 * time.Millisecond, Loss: 0.01}
	cfg.Series = sim.PerSecond
	first, _ := json.Marshal(run(t, cfg))
	again, _ := json.Marshal(run(t, cfg))
	if string(first) != string(again) {
		t.Errorf("two runs of seed %d differ:\n%s\n%s", cfg.Seed, first, again)
	}
	cfg.Seed = 2
	if other, _ := json.Marshal(run(t, cfg)); string(other) == string(first) {
		t.Error("another seed gives the same report")
	}
}

func TestViewersPlayWhatTheSourcePublishes(t *testing.T) {
	r := run(t, crowd(5))
	if r.NeverPlayed != 0 || r.Continuity.Mean < 0.9 || r.ChunkContinuity < 0.98 {
		t.Errorf("of 5 viewers %d never played, continuity %.4f, chunks %.4f", r.NeverPlayed, r.Continuity.Mean, r.ChunkContinuity)
	}
	if r.DelayMS.P50 < 1 || r.DelayMS.P50 > 10 {
		t.Errorf("delay p50 %.1f ms on a network of 1 ms", r.DelayMS.P50)
	}
	if r.SourceEgressRatio < 1 || r.SourceEgressRatio > 3.5 {
		t.Errorf("the source sent %.2f times the stream to 2 peers", r.SourceEgressRatio)
	}
}

func TestParityMakesUpForWhatIsLost(t *testing.T) {
	cfg := crowd(8)
	cfg.Duration = 30 * time.Second // joins are repaired as before
	cfg.Network = sim.Network{Median: 10 * time.Millisecond, Loss: 0.02}
	without := run(t, cfg)
	cfg.Stream.Parity = 20
	with := run(t, cfg)
	t.Logf("repair %.4f and %.4f, parity %.4f", without.RepairRatio, with.RepairRatio, with.ParityRatio)
	if without.ParityRatio != 0 || with.ParityRatio == 0 || with.RepairRatio > without.RepairRatio/2 {
		t.Errorf("repair %.4f without parity and %.4f with %.4f of it", without.RepairRatio, with.RepairRatio, with.ParityRatio)
	}
}

func TestTheUplinkNeverCarriesMoreThanItsRate(t *testing.T) {
	cfg := crowd(6)
	cfg.Source.Rate = 400_000
	if r := run(t, cfg); r.Max1sEgressBps > 8*400_000*1.02 {
		t.Errorf("%.0f bits left in one second, the uplink carries %d", r.Max1sEgressBps, 8*400_000)
	}
}

func TestThoseKilledAreGone(t *testing.T) {
	cfg := crowd(6)
	cfg.Series = sim.PerSecond
	cfg.Faults = []sim.Fault{sim.Kill{At: 5500 * time.Millisecond, Share: 0.5}}
	r := run(t, cfg)
	if n := r.Series[len(r.Series)-1].Viewers; n != 3 || r.Viewers != 6 {
		t.Errorf("%d viewers at the end and %d in the report, want 3 and 6", n, r.Viewers)
	}
}

func TestRunRefusesWhatItCannotSimulate(t *testing.T) {
	for name, c := range map[string]struct { // order-free: each case stands alone
		change func(*sim.Config)
		names  string
	}{
		"no policy":               {func(c *sim.Config) { c.Policy = nil }, "Policy"},
		"nobody":                  {func(c *sim.Config) { c.Groups = nil }, "Groups"},
		"a loss of one":           {func(c *sim.Config) { c.Network.Loss = 1 }, "Network.Loss"},
		"a join after the end":    {func(c *sim.Config) { c.Groups[0].At = time.Hour }, "Groups[0].At"},
		"a tiny uplink":           {func(c *sim.Config) { c.Groups[0].Uplink.Rate = 1 }, "Groups[0].Uplink.Rate"},
		"a fault of two":          {func(c *sim.Config) { c.Faults = []sim.Fault{sim.Kill{Share: 2}} }, "Faults[0]"},
		"a parity of all and one": {func(c *sim.Config) { c.Stream.Parity = 101 }, "Stream.Parity"},
		"no substreams":           {func(c *sim.Config) { c.Stream.Substreams = -1 }, "Stream.Substreams"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := crowd(2)
			c.change(&cfg)
			_, err := sim.Run(cfg)
			if !errors.Is(err, sim.ErrConfig) || !strings.Contains(err.Error(), c.names) {
				t.Errorf("error %v, want ErrConfig that names %s", err, c.names)
			}
		})
	}
}

func TestProgressCanStopTheRun(t *testing.T) {
	cfg := crowd(3)
	cfg.Progress = func(at time.Duration) sim.Verdict {
		if at >= 4*time.Second {
			return sim.Stop
		}
		return sim.GoOn
	}
	if r := run(t, cfg); r.DurationS != 4 {
		t.Errorf("the run took %v s, want 4", r.DurationS)
	}
}

func TestChunksOfAnySizeTravel(t *testing.T) {
	for _, size := range []int{200, 1000, 4800} {
		cfg := crowd(4)
		cfg.Groups[0].Uplink.Rate = 1_000_000
		cfg.Stream = sim.Stream{Bitrate: 2_000_000, ChunkSize: size, Group: 100 * time.Millisecond}
		if r := run(t, cfg); r.NeverPlayed > 0 || r.ChunkContinuity < 0.95 {
			t.Errorf("chunks of %d bytes: %d never played, %.4f of the chunks in time", size, r.NeverPlayed, r.ChunkContinuity)
		}
	}
}

func TestTheResourceIndexCountsHelpersAndTheStreamOnTheWire(t *testing.T) {
	cfg := crowd(4)
	wire := uint64(cfg.WireRate())
	cfg.Source.Rate = 2 * wire
	cfg.Groups[0].Uplink.Rate = wire
	cfg.Groups = append(cfg.Groups, sim.Class{Count: 1, Kind: sim.Helper, Uplink: sim.Uplink{Rate: 2 * wire}})
	if r := run(t, cfg); math.Abs(r.ResourceIndex-2) > 0.001 {
		t.Errorf("resource index %v of 2 + 4 + 2 copies for 4 viewers, want 2", r.ResourceIndex)
	}
}

func TestWhatWasBornWhileAViewerJoinedIsNoDelayOfWhatItWatches(t *testing.T) {
	r := run(t, crowd(12))
	all, watched := &r.DelayMS, &r.WatchedMS
	if watched.Samples == 0 || watched.Samples >= all.Samples || watched.P99 > all.P99 {
		t.Errorf("of %d chunks with p99 %.0f ms, %d with %.0f ms while playing", all.Samples, all.P99, watched.Samples, watched.P99)
	}
}
