package schedulers_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/core/sim"
)

// bounds are what a run must keep; 0 is not looked at. They leave room for changes elsewhere: what is reached stands in
// the README.
type bounds struct {
	p99        float64 // delay, milliseconds, at most
	continuity float64 // mean at least
	source     float64 // copies that leave the source at most
	duplicates float64 // share of the useful chunks at most
	control    float64 // share of all bytes at most
}

// figures are what the policies are held to; substream has more in its package.
var figures = map[string][]struct {
	swarm string
	want  bounds
}{
	"substream": {{"homes 30", bounds{2000, 0.95, 5.6, 0.4, 0.13}}},
	"clubs": {
		{"loopback 1", bounds{300, 0.999, 2, 0.1, 0.06}}, {"loopback 5", bounds{150, 0.999, 4.2, 0.5, 0.08}},
		{"loopback 30", bounds{250, 0.999, 5, 0.7, 0.11}}, {"wide 30", bounds{800, 0.99, 5, 0.7, 0.11}}, {"homes 30", bounds{2000, 0.95, 5.6, 0.4, 0.13}},
	},
	"latest": {
		{"loopback 1", bounds{300, 0.999, 2, 0.1, 0.06}}, {"loopback 5", bounds{300, 0.99, 5, 0.9, 0.08}},
		{"loopback 30", bounds{400, 0.999, 5.3, 0.6, 0.14}}, {"wide 30", bounds{700, 0.995, 5.3, 0.6, 0.14}}, {"homes 30", bounds{2000, 0.95, 5.6, 0.4, 0.18}},
	},
	"rarest": {
		{"loopback 1", bounds{300, 0.999, 2, 0.1, 0.06}}, {"loopback 5", bounds{300, 0.999, 5, 0.1, 0.1}},
		{"loopback 30", bounds{500, 0.993, 5.5, 0.05, 0.17}}, {"wide 30", bounds{700, 0.99, 5.5, 0.05, 0.18}}, {"homes 30", bounds{1500, 0.98, 5.6, 0.1, 0.18}},
	},
	"edf": {
		{"loopback 1", bounds{300, 0.999, 2, 0.1, 0.06}}, {"loopback 5", bounds{300, 0.999, 5, 0.1, 0.1}},
		{"loopback 30", bounds{500, 0.993, 5.5, 0.05, 0.17}}, {"wide 30", bounds{700, 0.99, 5.5, 0.05, 0.18}}, {"homes 30", bounds{2500, 0.9, 5.6, 0.1, 0.19}},
	},
}

func TestSwarms(t *testing.T) {
	for _, p := range policies() {
		for _, f := range figures[p.name] {
			t.Run(p.name+" "+f.swarm, func(t *testing.T) {
				t.Parallel()
				hold(t, p.swarm(t, f.swarm), f.want)
			})
		}
	}
}

// swarm finds a swarm by its name and number of viewers; homes has twice the uplink that it needs here.
func (p policy) swarm(t *testing.T, name string) sim.Config {
	t.Helper()
	var kind string
	var n int
	if _, err := fmt.Sscan(name, &kind, &n); err != nil {
		t.Fatal(err)
	}
	switch kind {
	case "wide":
		return p.wide(n)
	case "homes":
		return p.homes(n, 2)
	}
	return p.loopback(n)
}

func TestViewersSurviveTheLossOfOthers(t *testing.T) {
	for _, p := range policies() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			cfg := p.loopback(30)
			cfg.Faults = []sim.Fault{sim.Kill{At: 6 * time.Second, Share: 0.2}}
			hold(t, cfg, bounds{continuity: 0.95})
		})
	}
}

func TestPoliciesBearADelayOfTheirAnswers(t *testing.T) {
	for _, p := range policies() {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			cfg := p.loopback(20)
			cfg.PolicyDelay = 20 * time.Millisecond
			hold(t, cfg, bounds{p99: 600, continuity: 0.995})
		})
	}
}

// hold simulates cfg, and fails the test where it leaves its bounds or a viewer never played.
func hold(t *testing.T, cfg sim.Config, want bounds) {
	t.Helper()
	if testing.Short() {
		t.Skip("nothing here is concurrent, and it takes minutes under the race detector: run it without -short")
	}
	r, err := sim.Run(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(line(r))
	if r.NeverPlayed > 0 {
		t.Errorf("%d viewers never played", r.NeverPlayed)
	}
	if r.Continuity.Mean < want.continuity {
		t.Errorf("continuity: %.4f, want at least %v", r.Continuity.Mean, want.continuity)
	}
	for _, f := range []struct {
		what      string
		got, most float64
	}{
		{"delay p99, ms", r.DelayMS.P99, want.p99}, {"copies that left the source", r.SourceEgressRatio, want.source},
		{"duplicates", r.DuplicateRatio, want.duplicates}, {"control", r.ControlRatio, want.control},
	} {
		if f.most > 0 && f.got > f.most {
			t.Errorf("%s: %.4f, want at most %v", f.what, f.got, f.most)
		}
	}
}

// line is what one reads of a report first.
func line(r *report.Report) string {
	return fmt.Sprintf("delay p50 %.0f p99 %.0f ms, continuity %.4f (worst %.4f), startup p95 %.0f ms, source %.2f copies, "+
		"duplicates %.3f, redundancy %.3f, control %.3f", r.DelayMS.P50, r.DelayMS.P99, r.Continuity.Mean, r.Continuity.Worst1Pct,
		r.StartupMS.P95, r.SourceEgressRatio, r.DuplicateRatio, r.RedundancyRatio, r.ControlRatio)
}
