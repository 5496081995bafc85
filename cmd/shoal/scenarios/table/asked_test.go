package main

import (
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/scenario"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/builtin"
)

func loaded(t *testing.T, name string) *scenario.Scenario {
	t.Helper()
	s, err := scenario.Load(name+".yml", bridge.Names(builtin.Plugins(), bridge.KindPolicy))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEveryCaseHasItsScenarioAndEveryScenarioItsCase(t *testing.T) {
	paths, err := filepath.Glob("*.yml")
	if err != nil {
		t.Fatal(err)
	}
	var files, names []string
	for _, path := range paths {
		files = append(files, strings.TrimSuffix(path, ".yml"))
	}
	for _, r := range rows() {
		names = append(names, r.name)
	}
	slices.Sort(files)
	slices.Sort(names)
	if !slices.Equal(files, names) {
		t.Errorf("scenarios %v\ncases     %v", files, names)
	}
}

func TestEveryCaseShowsDelayAndContinuityWithoutTheJoins(t *testing.T) {
	for _, r := range rows() {
		shown := make(map[unit]int)
		for i := range r.figures {
			if f := &r.figures[i]; f.last != nil {
				shown[f.unit]++
			}
		}
		if len(r.figures) > 0 && (shown[milliseconds] != 1 || shown[share] != 1) {
			t.Errorf("%s: %v", r.name, shown)
		}
	}
}

func TestACaseIsComparedToOneThatRunsBefore(t *testing.T) {
	all := rows()
	for i, r := range all {
		if r.needs != "" && !slices.ContainsFunc(all[:i], func(before row) bool { return before.name == r.needs }) {
			t.Errorf("%s needs %s, which does not run before it", r.name, r.needs)
		}
	}
}

func TestAllCasesHaveInCommonWhatTheTableSays(t *testing.T) {
	for _, r := range rows() {
		t.Run(r.name, func(t *testing.T) {
			s := loaded(t, r.name)
			if s.Seed != 1 || s.Stream.ChunkSize != 920 || s.Source.Copies != 4 || s.Network.Latency.Median != 40*time.Millisecond ||
				s.Network.Latency.Sigma != 0.5 || s.Network.Latency.Min != 5*time.Millisecond || s.Network.Jitter != 2*time.Millisecond {
				t.Errorf("%+v", s)
			}
			if loss := s.Network.Loss; loss != 0.01 && r.name != "loss-5" {
				t.Errorf("loss is %v", loss)
			}
			if s.Policy[0].Name != "substream" {
				t.Errorf("the first policy is %q", s.Policy[0].Name)
			}
		})
	}
}

func TestACaseDiffersFromWhatItIsComparedToInOneThing(t *testing.T) {
	for name, change := range map[string]func(*scenario.Scenario){
		"vices":          func(s *scenario.Scenario) { s.Duration = 15 * time.Second },
		"free-riders":    func(s *scenario.Scenario) { s.Faults = nil },
		"index-0.9-back": func(s *scenario.Scenario) { s.Faults = nil },
	} {
		to := map[string]string{"vices": "vices-15s", "free-riders": "viewers-1000", "index-0.9-back": "index-0.9"}[name]
		s, other := loaded(t, name), loaded(t, to)
		change(s)
		if a, b := s.Simulation(), other.Simulation(); !reflect.DeepEqual(a, b) {
			t.Errorf("%s and %s differ:\n%+v\n%+v", name, to, a, b)
		}
	}
}

func TestFaultsStrikeWhenTheFiguresSay(t *testing.T) {
	for _, name := range []string{"killed-20", "index-0.9-back"} {
		if s := loaded(t, name); len(s.Faults) != 1 || s.Faults[0].At != 15*time.Second {
			t.Errorf("%s: %+v", name, s.Faults)
		}
	}
	if s := loaded(t, "vices-15s"); s.Faults[0].At != s.Duration-5*time.Second {
		t.Errorf("vices-15s ends at %v, and the poison begins at %v", s.Duration, s.Faults[0].At)
	}
}
