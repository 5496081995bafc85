package scenario_test

import (
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/sim"
)

func simulation(t *testing.T, text string) sim.Config {
	t.Helper()
	s, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s.Simulation()
}

func TestUplinksAreScaledToTheResourceIndexOnTheWire(t *testing.T) {
	c := simulation(t, "viewers: {count: 1000, resourceIndex: 1.4}\nhelpers: {count: 2}")
	sum := float64(c.Source.Rate)
	for _, g := range c.Groups {
		if g.Uplink.Rate != sim.None {
			sum += float64(g.Count) * float64(g.Uplink.Rate)
		}
	}
	if got := sum / (1000 * c.WireRate()); math.Abs(got-1.4) > 0.001 {
		t.Errorf("resource index %.4f, want 1.4", got)
	}
	if wire := 8 * c.WireRate(); wire < 2_700_000 || wire > 3_000_000 {
		t.Errorf("the stream of 2.5 Mb/s takes %.0f b/s on the wire", wire)
	}
}

func TestParityIsInWholePercent(t *testing.T) {
	for text, want := range map[string]int{"{}": 6, "{parity: 0%}": 0, "{parity: 0.29}": 29, "{parity: 100%}": 100} {
		if got := simulation(t, "stream: "+text).Stream.Parity; got != want {
			t.Errorf("%s: %d percent, want %d", text, got, want)
		}
	}
}

func TestEveryEntryOfJoinHasAllUplinks(t *testing.T) {
	c := simulation(t, "viewers: {count: 50, uplinks: [{share: 50%, rate: 0}, {share: 50%, rate: 2M}]}\njoin: [{count: 10}, {at: 3s, over: 2s}]\nhelpers: {count: 1}")
	want := []sim.Class{
		{Count: 5, Uplink: sim.Uplink{Rate: sim.None}, Cohort: "uplink 0"},
		{Count: 5, Uplink: sim.Uplink{Rate: 250_000}, Cohort: "uplink 2M"},
		{Count: 20, At: 3 * time.Second, Over: 2 * time.Second, Uplink: sim.Uplink{Rate: sim.None}, Cohort: "uplink 0"},
		{Count: 20, At: 3 * time.Second, Over: 2 * time.Second, Uplink: sim.Uplink{Rate: 250_000}, Cohort: "uplink 2M"},
		{Count: 1, Kind: sim.Helper, Uplink: sim.Uplink{Rate: 6_250_000, Cap: 6_250_000}},
	}
	if len(c.Groups) != len(want) {
		t.Fatalf("classes %+v, want %+v", c.Groups, want)
	}
	for i := range want {
		if c.Groups[i] != want[i] {
			t.Errorf("class %d is %+v, want %+v", i, c.Groups[i], want[i])
		}
	}
}

func TestNobodyIsLostWhenSharesAreRounded(t *testing.T) {
	const thirds = ", uplinks: [{share: 33.33%, rate: 1x}, {share: 33.33%, rate: 2x}, {share: 33.33%, rate: 3x}]"
	for _, want := range []int{1, 7, 101, 10_000} {
		for _, uplinks := range []string{"", thirds} {
			n := 0
			for _, g := range simulation(t, "viewers: {count: "+strconv.Itoa(want)+uplinks+"}").Groups {
				n += g.Count
			}
			if n != want {
				t.Errorf("of %d viewers %d join%s", want, n, uplinks)
			}
		}
	}
}

func TestATraceGivesTheBytesOfEachGroup(t *testing.T) {
	c := simulation(t, "stream: {trace: groups.csv}")
	if len(c.Stream.Trace) != 3 || c.Stream.Trace[0] != 9000 || c.Stream.Trace[2] != 2000 {
		t.Errorf("trace %v, want 9000, 1000, 2000", c.Stream.Trace)
	}
}

func TestStreamsShareTheUplinksOfEachPeer(t *testing.T) {
	c := simulation(t, "stream: {bitrate: 1M}\nstreams: [{weight: 3}, {bitrate: 500k}]\nviewers: {uplinks: [{share: 1, rate: 2x}]}")
	if want := []sim.Share{{Weight: 3}, {Bitrate: 500_000}}; !slices.Equal(c.Streams, want) {
		t.Errorf("streams %+v, want %+v", c.Streams, want)
	}
	if got, want := float64(c.Groups[0].Uplink.Rate), 2*c.WireRate(); math.Abs(got-want) > 1 {
		t.Errorf("an uplink of 2x carries %.0f bytes per second, want twice both streams, %.0f", got, want)
	}
}

func TestFaultsStrikeTogether(t *testing.T) {
	c := simulation(t, "faults: [{at: 2s, kill: 20%, leave: 10%, poison: 2%}, {at: 4s, slow: {share: 5%, rate: 0.2x}, freeRiders: 1}, {at: 6s, sourceDown: 2s}]")
	want := []sim.Fault{
		sim.Kill{At: 2 * time.Second, Share: 0.2}, sim.Leave{At: 2 * time.Second, Share: 0.1}, sim.Poison{At: 2 * time.Second, Share: 0.02},
		sim.FreeRide{At: 4 * time.Second, Share: 1}, sim.Slow{At: 4 * time.Second, Share: 0.05, Rate: 0.2},
		sim.SourceDown{At: 6 * time.Second, For: 2 * time.Second},
	}
	for i := range want {
		if i >= len(c.Faults) || c.Faults[i] != want[i] {
			t.Fatalf("faults %+v, want %+v", c.Faults, want)
		}
	}
}
