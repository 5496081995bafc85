package scenario_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/shoal-live/shoal/cmd/shoal/scenario"
)

// counts are the viewers of each join.
func counts(s *scenario.Scenario) []int {
	var list []int
	for _, j := range s.Join {
		list = append(list, j.Count)
	}
	return list
}

func TestJoinsKeepTheirPartsWithAnotherNumberOfViewers(t *testing.T) {
	s, err := parse("viewers: {count: 100}\njoin: [{count: 30}, {at: 1s, count: 1}, {at: 2s, count: 69}]")
	if err != nil {
		t.Fatal(err)
	}
	for viewers, want := range map[int][]int{1000: {300, 10, 690}, 50: {15, 1, 34}, 10: {3, 7}, 1: {1}} { // order-free: each stands alone
		other, err := s.With(viewers)
		if err != nil {
			t.Fatal(err)
		}
		if got := counts(other); len(got) != len(want) || got[0] != want[0] || got[len(got)-1] != want[len(want)-1] {
			t.Errorf("%d viewers join as %v, want %v", viewers, got, want)
		}
		sum := 0
		for _, g := range other.Simulation().Groups {
			sum += g.Count
		}
		if sum != viewers {
			t.Errorf("of %d viewers %d join", viewers, sum)
		}
	}
	if got := counts(s); got[0] != 30 || s.Viewers.Count != 100 {
		t.Errorf("the scenario itself was changed: %v", got)
	}
}

func TestTheResourceIndexStaysWithAnotherNumberOfViewers(t *testing.T) {
	s, err := parse("viewers: {count: 100, resourceIndex: 1.4}")
	if err != nil {
		t.Fatal(err)
	}
	other, err := s.With(1000)
	if err != nil {
		t.Fatal(err)
	}
	cfg := other.Simulation()
	sum := float64(cfg.Source.Rate)
	for _, g := range cfg.Groups {
		if g.Uplink.Rate > 40_000 { // what only takes counts as 0
			sum += float64(g.Count) * float64(g.Uplink.Rate)
		}
	}
	if index := sum / (1000 * cfg.WireRate()); index < 1.39 || index > 1.41 {
		t.Errorf("resource index %.3f with 1,000 viewers, want 1.4", index)
	}
	if _, err := s.With(2); !errors.Is(err, scenario.ErrScenario) || !strings.Contains(err.Error(), "with 2 viewers: viewers.resourceIndex") {
		t.Errorf("2 viewers, to whom the source alone gives more than 1.4: %v", err)
	}
}
