package trial

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/scenario"
	"github.com/shoal-live/shoal/core/sim"
)

// planned is the plan of the default scenario, edited.
func planned(t *testing.T, edit func(*scenario.Scenario)) *plan {
	t.Helper()
	s := scenario.Default()
	s.Viewers.Count = 20
	if edit != nil {
		edit(&s)
	}
	p, err := newPlan(&s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestViewersJoinWhenTheScenarioSaysSo(t *testing.T) {
	for _, c := range []struct {
		name string
		join scenario.Joins
		want []time.Duration // of the first, the sixth, the eleventh and the last of 20
	}{
		{"all at once", scenario.Joins{{}}, []time.Duration{0, 0, 0, 0}},
		{"half of them, and half later", scenario.Joins{{Count: 10}, {At: 4 * time.Second}}, []time.Duration{0, 0, 4 * time.Second, 4 * time.Second}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := planned(t, func(s *scenario.Scenario) { s.Join = c.join })
			var got []time.Duration
			for _, i := range []int{0, 5, 10, 19} {
				got = append(got, p.seats[i].at)
			}
			if !slices.Equal(got, c.want) || len(p.seats) != 20 {
				t.Errorf("%d viewers, at %v, want %v", len(p.seats), got, c.want)
			}
		})
	}
	p := planned(t, func(s *scenario.Scenario) { s.Join = scenario.Joins{{At: time.Second, Over: 10 * time.Second}} })
	for i, st := range p.seats {
		if st.id != i || st.at < time.Second || st.at > 11*time.Second || i > 0 && st.at < p.seats[i-1].at {
			t.Errorf("viewer %d of number %d joins at %v", i, st.id, st.at)
		}
	}
}

func TestUplinksAreThoseOfTheSimulator(t *testing.T) {
	p := planned(t, func(s *scenario.Scenario) { s.Viewers.ResourceIndex = 1.5 })
	want, got := uint64(0), uint64(0)
	for i := range p.sim.Groups {
		want += uint64(p.sim.Groups[i].Count) * p.sim.Groups[i].Uplink.Rate
	}
	for _, st := range p.seats {
		got += st.uplink
	}
	if got != want || got == 0 {
		t.Errorf("all uplinks carry %d, in the simulator %d", got, want)
	}
}

func TestHelpersAreNoViewers(t *testing.T) {
	p := planned(t, func(s *scenario.Scenario) {
		s.Helpers = scenario.Helpers{Count: 3, Uplink: scenario.Rate{Bits: 8_000_000}}
		s.Join = scenario.Joins{{At: 2 * time.Second}}
	})
	if len(p.seats) != 20 || len(p.helpers) != 3 || len(p.expected()) != 20 || p.who() != "20 viewers and 3 helpers" {
		t.Fatalf("%d viewers, %d helpers, %d are expected, it says %s", len(p.seats), len(p.helpers), len(p.expected()), p.who())
	}
	for i, st := range p.helpers {
		if st.id != 20+i || st.at != 0 || st.uplink != 1_000_000 || st.class.Uplink.Cap != 1_000_000 || p.name(st.id) != fmt.Sprintf("helper %d", i) {
			t.Errorf("helper %d: number %d, at %v, %d bytes per second, cap %d, called %s", i, st.id, st.at, st.uplink, st.class.Uplink.Cap, p.name(st.id))
		}
		st.present = true
	}
	if list := p.draw(1, p.present()); len(list) > 0 {
		t.Errorf("%d helpers are struck", len(list))
	}
	if name := p.name(19); name != "viewer 19" {
		t.Errorf("the last viewer is called %s", name)
	}
}

func TestASpreadIsEven(t *testing.T) {
	for _, c := range []struct {
		count int
		want  []int
	}{{0, nil}, {1, []int{0}}, {4, []int{0, 5, 10, 15}}, {20, nil}, {500, nil}} {
		var got []int
		planned(t, nil).spread(c.count, func(st *seat) { got = append(got, st.id) })
		if c.want == nil && len(got) == min(c.count, 20) {
			continue
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%d of 20 are %v, want %v", c.count, got, c.want)
		}
	}
}

func TestVicesAreDrawnOnce(t *testing.T) {
	p := planned(t, nil)
	free := p.corrupt(0.3, sim.RidesFree)
	poison := p.corrupt(0.5, sim.Poisons)
	more := p.corrupt(1, sim.Poisons)
	if len(free) != 6 || len(poison) != 10 || len(more) != 4 {
		t.Errorf("%d free riders, %d poisoners and then %d, want 6, 10 and 4 of 20", len(free), len(poison), len(more))
	}
	for _, st := range free {
		if st.vice != sim.RidesFree {
			t.Errorf("viewer %d lost its vice: %v", st.id, st.vice)
		}
	}
	if again := planned(t, nil).corrupt(0.3, sim.RidesFree); !slices.EqualFunc(free, again, func(a, b *seat) bool { return a.id == b.id }) {
		t.Error("equal scenarios draw other viewers")
	}
}

func TestOnlyThoseWhoTakePartAreStruck(t *testing.T) {
	p := planned(t, nil)
	for i := range 10 {
		p.seats[i].present = true
	}
	p.seats[3].present, p.seats[3].ended = false, true
	p.seats[5].process = true
	if got := len(p.present()); got != 9 {
		t.Errorf("%d present, want 9", got)
	}
	if got := len(inline(p.present())); got != 8 {
		t.Errorf("%d could be killed, want 8", got)
	}
	if got := len(p.expected()); got != 19 {
		t.Errorf("%d expected, want 19", got)
	}
	for _, st := range p.draw(0.5, p.present()) {
		if !st.present {
			t.Errorf("viewer %d is drawn, and is not there", st.id)
		}
	}
}

func TestFaultsComeInOrder(t *testing.T) {
	p := planned(t, func(s *scenario.Scenario) {
		s.Faults = []scenario.Fault{{At: 9 * time.Second, Kill: 0.1}, {At: 2 * time.Second, Leave: 0.1, Poison: 0.1}}
	})
	want := []sim.Fault{
		sim.Leave{At: 2 * time.Second, Share: 0.1}, sim.Poison{At: 2 * time.Second, Share: 0.1}, sim.Kill{At: 9 * time.Second, Share: 0.1},
	}
	if !slices.Equal(p.faults, want) {
		t.Errorf("faults %v, want %v", p.faults, want)
	}
}

func TestOutagesComeInOrder(t *testing.T) {
	p := planned(t, func(s *scenario.Scenario) {
		s.Faults = []scenario.Fault{{At: 9 * time.Second, SourceDown: time.Second}, {At: 2 * time.Second, SourceDown: 2 * time.Second, Leave: 0.1}}
	})
	want := []sim.SourceDown{{At: 2 * time.Second, For: 2 * time.Second}, {At: 9 * time.Second, For: time.Second}}
	if !slices.Equal(p.outages, want) || len(p.faults) != 1 {
		t.Errorf("outages %v, want %v; faults %v", p.outages, want, p.faults)
	}
}

func TestTheNetworkIsTheScenarios(t *testing.T) {
	p := planned(t, nil)
	n := p.network(1000)
	if n.Median != 40*time.Millisecond || n.Sigma != 0.5 || n.Min != 5*time.Millisecond || n.Jitter != 2*time.Millisecond ||
		n.Loss != 0.01 || n.Uplink != 1000 || n.Seed != 1 {
		t.Errorf("the network is %+v", n)
	}
}

func TestWhatATrialCannotDoIsRefusedByKey(t *testing.T) {
	for name, c := range map[string]struct { // order-free: each case stands alone
		edit func(*scenario.Scenario)
		want string
	}{
		"several streams": {func(s *scenario.Scenario) { s.Streams = []scenario.Part{{}, {}} }, "streams:"},
		"many helpers":    {func(s *scenario.Scenario) { s.Helpers.Count = maxHelpers + 1 }, "helpers.count:"},
		"rare key frames": {func(s *scenario.Scenario) { s.Stream.GOP = 4 * time.Second }, "stream.gop:"},
		"a crowd":         {func(s *scenario.Scenario) { s.Viewers.Count = maxViewers + 1 }, "viewers.count:"},
	} {
		s := scenario.Default()
		c.edit(&s)
		if _, err := newPlan(&s); !errors.Is(err, ErrScenario) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want ErrScenario that names %s", name, err, c.want)
		}
		if _, err := Run(t.Context(), Options{Scenario: &s, Dir: t.TempDir(), Log: silent()}); !errors.Is(err, ErrScenario) {
			t.Errorf("%s: Run says %v", name, err)
		}
	}
}
