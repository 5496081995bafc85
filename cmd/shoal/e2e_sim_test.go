//go:build unix

package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/report"
)

// simulated runs sim on a scenario, and answers what it prints and the report that it writes.
func simulated(t *testing.T, scenario string, flags ...string) (printed string, written []byte) {
	t.Helper()
	dir := t.TempDir()
	path, out := filepath.Join(dir, "s.yml"), filepath.Join(dir, "out.json")
	if err := os.WriteFile(path, []byte(scenario), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, shoal, append([]string{"sim", path, "--report", out}, flags...)...)
	b, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("sim: %v\n%s", err, b)
	}
	if written, err = os.ReadFile(out); err != nil {
		t.Fatal(err)
	}
	return string(b), written
}

const handful = "duration: 4s\nstream: {bitrate: 500k}\nviewers: {count: 6}\njoin: {over: 1s}\n"

func TestSimOfASeedGivesTheSameReportWhoeverRunsThePolicy(t *testing.T) {
	elsewhere(t)
	text, first := simulated(t, handful)
	if _, again := simulated(t, handful); !bytes.Equal(first, again) {
		t.Errorf("two runs differ:\n%s\n%s", first, again)
	}
	stranger, _ := foreign(t)
	// source.copies is what a built-in is given by itself.
	if _, process := simulated(t, handful, "--policy", stranger); !bytes.Equal(first, process) {
		t.Errorf("linked in:\n%s\nas a process:\n%s", first, process)
	}
	var r report.Report
	if err := json.Unmarshal(first, &r); err != nil {
		t.Fatal(err)
	}
	if r.Viewers != 6 || r.NeverPlayed > 0 || r.CPUS != 0 || len(r.Series) == 0 {
		t.Errorf("the report is %s", first)
	}
	for _, want := range []string{"6 viewers, 4 s", "delay p99", "burst"} {
		if !strings.Contains(text, want) {
			t.Errorf("the summary does not say %q:\n%s", want, text)
		}
	}
}

func TestSimOfAnotherSeedIsTheRunThatSeveralSeedsContain(t *testing.T) {
	elsewhere(t)
	_, several := simulated(t, handful, "--seeds", "2")
	_, second := simulated(t, handful, "--seed", "2")
	var list []report.Report
	var one report.Report
	if err := errors.Join(json.Unmarshal(several, &list), json.Unmarshal(second, &one)); err != nil {
		t.Fatal(err)
	}
	if one.Seed != 2 || !reflect.DeepEqual(one, list[1]) {
		t.Errorf("alone %+v\namong others %+v", one, list[1])
	}
}

func TestSimComparesPoliciesInOneTableAndOneList(t *testing.T) {
	elsewhere(t)
	text, b := simulated(t, handful, "--compare", "substream,clubs", "--seeds", "2")
	var list []report.Report
	if err := json.Unmarshal(b, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) != 4 || list[1].Policy != "substream" || list[1].Seed != 2 || list[2].Policy != "clubs" {
		t.Errorf("%d reports: %s", len(list), b)
	}
	if !strings.Contains(text, "substream, 2 seeds") || !strings.Contains(text, "clubs, 2 seeds") {
		t.Errorf("the table is\n%s", text)
	}
}

func TestSimSaysWhatIsWrong(t *testing.T) {
	elsewhere(t)
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := write("good.yml", handful)
	for name, c := range map[string]struct { // order-free: each case stands alone
		args []string
		want []string
	}{
		"no such file":          {[]string{filepath.Join(dir, "none.yml")}, []string{"none.yml", "scenario.example.yml"}},
		"a bad key":             {[]string{write("bad.yml", "\nviewers: {cont: 3}")}, []string{"scenario: bad.yml:2: viewers", `"cont"`, "count"}},
		"an unknown policy":     {[]string{good, "--compare", "substream,clubz"}, []string{"--compare", "clubz", "edf", "./clubz"}},
		"two ways to say who":   {[]string{good, "--compare", "edf", "--policy", "edf"}, []string{"--policy", "--compare"}},
		"a parameter it lacks":  {[]string{write("p.yml", "policy: {name: edf, params: {zeal: 3}}")}, []string{"policy edf", `"zeal"`}},
		"what is no policy":     {[]string{good, "--policy", write("other", "#!/bin/sh\nexit 3\n")}, []string{"--policy", "exit status 3"}},
		"no seed":               {[]string{good, "--seeds", "0"}, []string{"--seeds", "1..100"}},
		"a folder to report to": {[]string{good, "--report", dir}, []string{"--report", dir}},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := exec.CommandContext(t.Context(), shoal, append([]string{"sim"}, c.args...)...).CombinedOutput()
			if err == nil {
				t.Fatalf("it succeeds:\n%s", b)
			}
			for _, w := range c.want {
				if !strings.Contains(string(b), w) {
					t.Errorf("%q does not say %q", b, w)
				}
			}
		})
	}
}

func TestInterruptedSimReportsWhatItHas(t *testing.T) {
	elsewhere(t)
	path := filepath.Join(t.TempDir(), "s.yml")
	if err := os.WriteFile(path, []byte("duration: 1h\nviewers: {count: 20}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second) // any moment will do
	defer cancel()
	c := exec.CommandContext(ctx, shoal, "sim", path)
	c.Cancel = func() error { return c.Process.Signal(os.Interrupt) }
	c.WaitDelay = time.Minute
	var out bytes.Buffer
	c.Stdout = &out
	_ = c.Run() // the context's error, or nil
	if c.ProcessState.ExitCode() != 0 {
		t.Errorf("it ends with %v", c.ProcessState)
	}
	if !strings.Contains(out.String(), "20 viewers, stopped after ") || !strings.Contains(out.String(), "delay p99") {
		t.Errorf("it prints %q", &out)
	}
}
