package simulate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/scenario"
	"github.com/shoal-live/shoal/cmd/shoal/simulate"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/sim"
	"github.com/shoal-live/shoal/plugins/schedulers/edf"
	"github.com/shoal-live/shoal/plugins/schedulers/substream"
)

const small = `
duration: 4s
stream: {bitrate: 500k}
viewers: {count: 6, uplinks: [{share: 1, rate: 4x}]}
join: {over: 1s}
`

// options run both policies with two seeds.
func options(t *testing.T, text string) simulate.Options {
	t.Helper()
	s, err := scenario.Parse("s.yml", []byte(text), scenario.Known{Policies: []string{"substream"}})
	if err != nil {
		t.Fatal(err)
	}
	return simulate.Options{
		Scenario: s, Seeds: 2, Parallel: 1, Series: sim.PerSecond,
		Policies: []simulate.Policy{{Name: "substream", Factory: substream.New}, {Name: "edf", Factory: edf.New}},
	}
}

func all(t *testing.T, o simulate.Options) []*simulate.Run {
	t.Helper()
	runs, err := simulate.All(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return runs
}

func TestRunsAreTheSameWhateverRunsBesideThem(t *testing.T) {
	o := options(t, small)
	alone, _ := json.Marshal(all(t, o))
	o.Parallel = 4
	together, _ := json.Marshal(all(t, o))
	if string(alone) != string(together) {
		t.Errorf("one after the other:\n%s\ntogether:\n%s", alone, together)
	}
}

func TestRunsComeByPolicyAndSeed(t *testing.T) {
	var told []string
	o := options(t, small)
	o.Parallel = 3
	last := 0.0
	o.Progress = func(p simulate.Progress) {
		if p.Done < last || p.Done > 1 {
			t.Errorf("progress goes from %v to %v", last, p.Done)
		}
		last = p.Done
	}
	for _, r := range all(t, o) {
		told = append(told, r.Policy+"/"+r.Report.Policy+"/"+string(rune('0'+r.Report.Seed)))
		if !r.Whole || r.Report.NeverPlayed > 0 || len(r.Report.Series) == 0 {
			t.Errorf("%s, seed %d: whole %v, %d never played, %d seconds of series", r.Policy, r.Report.Seed, r.Whole, r.Report.NeverPlayed, len(r.Report.Series))
		}
	}
	if got := strings.Join(told, " "); got != "substream/substream/1 substream/substream/2 edf/edf/1 edf/edf/2" {
		t.Errorf("runs are %s", got)
	}
	if last != 1 {
		t.Errorf("progress ends at %v", last)
	}
}

func TestWhoStopsGetsWhatThereIs(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	o := options(t, small)
	o.Progress = func(p simulate.Progress) {
		if p.Done > 0.125 { // in the middle of the first of four
			stop()
		}
	}
	runs, err := simulate.All(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(runs) != 1 || runs[0].Whole || runs[0].Report.DurationS < 2 || runs[0].Report.DurationS >= 4 {
		t.Errorf("%d runs, want the half of the first", len(runs))
	}
	var text strings.Builder
	if err := simulate.Print(&text, runs); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text.String(), "stopped after 2.") {
		t.Errorf("the summary does not say that the run was stopped:\n%s", &text)
	}
}

// mortal is a process that dies.
type mortal struct {
	scheduler.Policy
	steps  int
	closed *int
}

var errGone = errors.New("gone")

func (m *mortal) Step(b *scheduler.Batch) scheduler.Answer {
	m.steps++
	return m.Policy.Step(b)
}

func (m *mortal) Err() error {
	if m.steps > 20 {
		return errGone
	}
	return nil
}

func (m *mortal) Close() { *m.closed++ }

func TestAProcessThatDiesEndsTheRunWithItsCause(t *testing.T) {
	o := options(t, small)
	began, closed := 0, 0
	o.Policies = []simulate.Policy{{Name: "mine", Process: func(params map[string]string) (simulate.Process, error) {
		p, err := substream.New(params)
		began++
		return &mortal{Policy: p, closed: &closed}, err
	}}}
	_, err := simulate.All(t.Context(), o)
	if !errors.Is(err, simulate.ErrPolicy) || !errors.Is(err, errGone) || !strings.Contains(err.Error(), "policy mine, 6 viewers, seed 1") {
		t.Errorf("error %v, want ErrPolicy with its cause", err)
	}
	if began == 0 || closed != began {
		t.Errorf("%d of %d instances were closed", closed, began)
	}
}

func TestABuiltInIsGivenTheSourcesCopies(t *testing.T) {
	for want, params := range map[string]map[string]string{"2": nil, "5": {"copies": "5"}} { // order-free: each stands alone
		o := options(t, small+"source: {copies: 2}\n")
		got := ""
		o.Policies = []simulate.Policy{{Name: "substream", Params: params, Factory: func(params map[string]string) (scheduler.Policy, error) {
			got = params["copies"]
			return substream.New(params)
		}}}
		all(t, o)
		if got != want {
			t.Errorf("with %v the policy is given %q copies, want %s", params, got, want)
		}
	}
}

func TestTheSummaryShowsEveryPolicyAndTheBoundsBeside(t *testing.T) {
	var text strings.Builder
	if err := simulate.Print(&text, all(t, options(t, small))); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"6 viewers, 4 s, seed 1", "resource index 7.", "substream, 2 seeds", "edf, 2 seeds", "delay p99.9", "burst", "postal", "chunk steps", "startup p95",
		"continuity, worst 1 %", "source copies", "uplink 12 Mb/s", "offload", "duplicates", "redundancy", "control",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the summary does not say %q:\n%s", want, &text)
		}
	}
}

func TestEveryNumberOfViewersIsRunWithEveryPolicyAndSeed(t *testing.T) {
	o := options(t, small)
	o.Viewers = []int{3, 9}
	o.Parallel = 2
	runs := all(t, o)
	var told []string
	for _, r := range runs {
		told = append(told, fmt.Sprintf("%s/%d/%d", r.Policy, r.Report.Viewers, r.Report.Seed))
		if r.Viewers != r.Report.Viewers {
			t.Errorf("%d viewers were to come, %d came", r.Viewers, r.Report.Viewers)
		}
	}
	if got := strings.Join(told, " "); got != "substream/3/1 substream/3/2 substream/9/1 substream/9/2 edf/3/1 edf/3/2 edf/9/1 edf/9/2" {
		t.Errorf("runs are %s", got)
	}
	var text strings.Builder
	if err := simulate.Print(&text, runs); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"3 viewers, 4 s", "9 viewers, 4 s", "burst bound", "substream, 2 seeds  3 ", "substream, 2 seeds  9 ", "edf, 2 seeds        9 "} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the summary does not say %q:\n%s", want, &text)
		}
	}
}

func TestANumberOfViewersThatTheScenarioCannotHaveIsRefused(t *testing.T) {
	o := options(t, small+"source: {uplink: 2M}\n")
	o.Scenario.Viewers.ResourceIndex = 2
	for viewers, want := range map[int]string{0: "viewers.count", 1: "with 1 viewers: viewers.resourceIndex"} { // order-free: each stands alone
		o.Viewers = []int{viewers}
		if _, err := simulate.All(t.Context(), o); !errors.Is(err, scenario.ErrScenario) || !strings.Contains(err.Error(), want) {
			t.Errorf("%d viewers: error %v, want ErrScenario that names %s", viewers, err, want)
		}
	}
}

func TestTheSourceDiesAndComesBack(t *testing.T) {
	series := all(t, options(t, small+"faults: [{at: 1s, sourceDown: 1s}]\n"))[0].Report.Series
	if len(series) != 4 || series[0].EgressBps == 0 || series[1].EgressBps > series[0].EgressBps/4 || series[3].EgressBps == 0 {
		t.Errorf("the source is down in the second second: %+v", series)
	}
}

func TestTheSummaryShowsWhatEachStreamGot(t *testing.T) {
	var text strings.Builder
	if err := simulate.Print(&text, all(t, options(t, small+"streams: [{weight: 1}, {weight: 3, bitrate: 250k}]\n"))); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"of the source", "1       substream, seed 1  1 ", "2       substream, seed 1  3 ", "2       edf, seed 1 "} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("the summary does not say %q:\n%s", want, &text)
		}
	}
}

func TestProgressSaysHowMuchIsDoneAndHowLongItTakesYet(t *testing.T) {
	for done, want := range map[float64]string{ // order-free: each stands alone
		0:    "[------------------------------]   0 %, ? left (edf, 40 viewers, seed 3)",
		0.25: "[#######-----------------------]  25 %, 1m30s left (edf, 40 viewers, seed 3)",
		1:    "[##############################] 100 %, 0s left (edf, 40 viewers, seed 3)",
	} {
		if got := (simulate.Progress{Done: done, Policy: "edf", Viewers: 40, Seed: 3}).Text(30 * time.Second); got != want {
			t.Errorf("%v is %q, want %q", done, got, want)
		}
	}
}

func TestAProcessIsGivenItsParametersAlone(t *testing.T) {
	o := options(t, small)
	closed := 0
	o.Policies = []simulate.Policy{{Name: "mine", Params: map[string]string{"feeders": "1"}, Process: func(params map[string]string) (simulate.Process, error) {
		if len(params) != 1 || params["feeders"] != "1" {
			t.Fatalf("parameters are %v, want feeders alone", params)
		}
		p, err := substream.New(params)
		return &mortal{Policy: p, steps: -1 << 40, closed: &closed}, err
	}}}
	all(t, o)
}
