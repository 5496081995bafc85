package scenario_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/scenario"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/sim"
	"github.com/shoal-live/shoal/plugins/schedulers/substream"
)

func TestTheSimulatorTakesEveryScenarioThatComesWithShoal(t *testing.T) {
	paths, err := filepath.Glob("../scenarios/*.yml")
	if err != nil || len(paths) < 6 {
		t.Fatalf("%d scenarios, %v", len(paths), err)
	}
	judged, err := filepath.Glob("../scenarios/table/*.yml")
	if err != nil || len(judged) < 20 {
		t.Fatalf("%d scenarios of the table, %v", len(judged), err)
	}
	for _, path := range slices.Concat(paths, judged, []string{"../scenario.example.yml"}) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			s, err := scenario.Load(path, []string{"substream", "clubs", "latest", "rarest", "edf"})
			if err != nil {
				t.Fatal(err)
			}
			taken := 0
			cfg := s.Simulation()
			cfg.Policy = func(params map[string]string) (scheduler.Policy, error) {
				taken++
				return substream.New(params)
			}
			cfg.Progress = func(time.Duration) sim.Verdict { return sim.Stop }
			if _, err := sim.Run(cfg); err != nil || taken == 0 {
				t.Errorf("%d peers began, %v", taken, err)
			}
		})
	}
}
