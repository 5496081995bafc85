package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/shoal-live/shoal/core/report"
)

// pretends is the variable that makes this binary stand for shoal: `sim FILE --report FILE --seeds N`, or --seed N.
const pretends = "SHOAL_TABLE_TEST_PRETENDS"

func TestMain(m *testing.M) {
	if os.Getenv(pretends) != "" {
		os.Exit(pretend(os.Args[1:]))
	}
	os.Exit(m.Run())
}

// pretend writes reports whose delay p99 is 100 ms times the seed.
func pretend(args []string) int {
	flag := func(name string) string {
		if i := slices.Index(args, name); i >= 0 {
			return args[i+1]
		}
		return ""
	}
	if strings.Contains(args[1], os.Getenv(pretends)) {
		return 3
	}
	var list []report.Report
	seeds, _ := strconv.Atoi(flag("--seeds"))
	first, _ := strconv.Atoi(flag("--seed"))
	for seed := max(first, 1); seed < max(first, 1)+max(seeds, 1); seed++ {
		p := report.Percentiles{Samples: 1000, P99: 100 * float64(seed)}
		list = append(list, report.Report{Seed: uint64(seed), Policy: "substream", Viewers: 10, DurationS: 20, DelayMS: p})
	}
	var b []byte
	if len(list) == 1 {
		b, _ = json.Marshal(list[0])
	} else {
		b, _ = json.Marshal(list)
	}
	if os.WriteFile(flag("--report"), b, 0o600) != nil {
		return 1
	}
	return 0
}

// made is a command with scenarios of 20 s, and this binary for shoal, which fails at those that contain a word.
func made(t *testing.T, fails string) *command {
	t.Helper()
	t.Setenv(pretends, fails)
	c := &command{Seeds: 3, Out: t.TempDir(), Scenarios: t.TempDir(), Shoal: os.Args[0], stdout: io.Discard, stderr: io.Discard}
	for _, name := range []string{"small-2", "small-5", "viewers-100000"} {
		if err := os.WriteFile(c.scenario(name), []byte("duration: 20s\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestACaseIsRunAndJudgedByTheMeanOfItsSeeds(t *testing.T) {
	for _, r := range []row{
		{name: "small-2", title: "Two", figures: []figure{delayP99(200)}},
		{name: "viewers-100000", title: "Two", figures: []figure{delayP99(200)}, runs: alone},
	} {
		c := made(t, "nothing")
		res, err := c.one(t.Context(), &r)
		if err != nil {
			t.Fatal(err)
		}
		if text := markdown([]result{*res}); !strings.Contains(text, "| Two (3 seeds) | delay p99 | <= 200 ms | 200 ms (100..300) | none | met |\n") {
			t.Errorf("%s", text)
		}
		r.figures[0].asked = atMost(199)
		res, err = c.one(t.Context(), &r)
		if err != nil || !strings.Contains(res.line(), "0 of  1 met: not delay p99 <= 199 ms: 200 ms (100..300)") {
			t.Errorf("%v, %v", res, err)
		}
	}
}

func TestKeptReportsAreJudgedWithoutARun(t *testing.T) {
	c := made(t, "nothing")
	r := row{name: "small-2", figures: []figure{delayP99(200)}}
	c.Kept = true
	if res, err := c.one(t.Context(), &r); res != nil || err != nil {
		t.Errorf("before a run: %v, %v", res, err)
	}
	if err := c.all(t.Context()); !errors.Is(err, errNothing) {
		t.Errorf("before a run: %v", err)
	}
	c.Kept = false
	if _, err := c.one(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	c.Kept, c.Shoal = true, "none"
	if res, err := c.one(t.Context(), &r); err != nil || res.seeds != 3 || !res.verdicts[0].met {
		t.Errorf("%+v, %v", res, err)
	}
	if err := os.WriteFile(c.scenario("small-2"), []byte("duration: 20s # anew\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.one(t.Context(), &r); err == nil || !strings.Contains(err.Error(), "run the case again") {
		t.Errorf("runs of another scenario are judged: %v", err)
	}
}

func TestARunThatWasCutShortIsNotJudged(t *testing.T) {
	c := made(t, "nothing")
	if err := os.WriteFile(c.scenario("small-2"), []byte("duration: 21s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.one(t.Context(), &row{name: "small-2"}); err == nil || !strings.Contains(err.Error(), "a run of 20 s, not 21s") {
		t.Errorf("%v", err)
	}
}

func TestACaseThatFailsLeavesTheOthersAndTheExitStatus(t *testing.T) {
	c := made(t, "small-2")
	c.Cases = []string{"small-2", "small-5"}
	if err := c.all(t.Context()); err == nil || errors.Is(err, errNotMet) {
		t.Errorf("%v", err)
	}
	b, err := os.ReadFile(filepath.Join(c.Out, "table.md"))
	if err != nil || !strings.Contains(string(b), "5 viewers") || strings.Contains(string(b), "2 viewers") {
		t.Errorf("%v\n%s", err, b)
	}
	c.Cases = []string{"small-5"} // whose continuity is 0
	if err := c.all(t.Context()); !errors.Is(err, errNotMet) {
		t.Errorf("%v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.all(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestChosenCasesBringWhatTheyAreComparedTo(t *testing.T) {
	got, err := choose(rows(), []string{"free-riders", " small-2"})
	if err != nil || len(got) != 3 || got[0].name != "small-2" || got[1].name != "viewers-1000" || got[2].name != "free-riders" {
		t.Errorf("%d, %v", len(got), err)
	}
	if _, err := choose(rows(), []string{"small-3"}); !errors.Is(err, errUnknown) || !strings.Contains(err.Error(), "small-5") {
		t.Errorf("%v", err)
	}
}
