package schedulers_test

import (
	"testing"

	"github.com/shoal-live/shoal/core/sim"
)

// seeds is how many runs a figure is the mean of.
const seeds = 5

// BenchmarkPolicies is the comparison in the README: the mean of five seeds with 100 viewers at a resource index of 1.4. Time and
// allocations are those of all engines, policies and the simulator.
//
//	go test -run xxx -bench Policies -benchtime 1x ./plugins/schedulers
func BenchmarkPolicies(b *testing.B) {
	for _, p := range policies() {
		b.Run(p.name, func(b *testing.B) {
			sum, chunks := make(map[string]float64), 0.0
			for b.Loop() {
				for seed := range uint64(seeds) {
					cfg := p.homes(100, 1.4)
					cfg.Seed = seed + 1
					r, err := sim.Run(cfg)
					if err != nil {
						b.Fatal(err)
					}
					chunks += float64(r.DelayMS.Samples)
					for name, x := range map[string]float64{
						"p50-ms": r.DelayMS.P50, "p99-ms": r.DelayMS.P99, "continuity": r.Continuity.Mean, "worst-1%": r.Continuity.Worst1Pct,
						"copies": r.SourceEgressRatio, "duplicates": r.DuplicateRatio, "redundancy": r.RedundancyRatio, "control": r.ControlRatio,
						"never-played": float64(r.NeverPlayed), "startup-ms": r.StartupMS.P95,
					} {
						sum[name] += x
					}
				}
			}
			for name, x := range sum {
				b.ReportMetric(x/seeds/float64(b.N), name)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/chunks, "ns/chunk")
		})
	}
}
