package scenario_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/scenario"
	"github.com/shoal-live/shoal/core/sim"
)

func TestAFaultRepeatsUntilTheEnd(t *testing.T) {
	s := scenario.Default()
	s.Duration = 20 * time.Second
	s.Faults = []scenario.Fault{{At: 4 * time.Second, Every: 8 * time.Second, Kill: 0.1}, {At: time.Second, SourceDown: time.Second}}
	want := []sim.Fault{
		sim.Kill{At: 4 * time.Second, Share: 0.1}, sim.Kill{At: 12 * time.Second, Share: 0.1},
		sim.SourceDown{At: time.Second, For: time.Second},
	}
	if got := s.Simulation().Faults; !reflect.DeepEqual(got, want) {
		t.Errorf("faults: %+v, want %+v", got, want)
	}
}

func TestChurnLetsAsManyComeAsGo(t *testing.T) {
	s := scenario.Default()
	s.Duration = 40 * time.Second
	s.Viewers.Count = 50
	s.Faults = []scenario.Fault{{At: 10 * time.Second, Every: 10 * time.Second, Churn: 0.1}}
	cfg := s.Simulation()
	want := []sim.Fault{ // every other time without a word
		sim.Leave{At: 10 * time.Second, Share: 0.1}, sim.Kill{At: 20 * time.Second, Share: 0.1}, sim.Leave{At: 30 * time.Second, Share: 0.1},
	}
	if !reflect.DeepEqual(cfg.Faults, want) {
		t.Errorf("who goes: %+v, want %+v", cfg.Faults, want)
	}
	come := make(map[time.Duration]int)
	for _, g := range cfg.Groups {
		come[g.At] += g.Count
		if g.At > 0 && g.At+g.Over > s.Duration-time.Second {
			t.Errorf("%d come within %v of %v", g.Count, g.Over, g.At)
		}
	}
	if !reflect.DeepEqual(come, map[time.Duration]int{0: 50, 10 * time.Second: 5, 20 * time.Second: 5, 30 * time.Second: 5}) {
		t.Errorf("who comes: %v", come)
	}
}
