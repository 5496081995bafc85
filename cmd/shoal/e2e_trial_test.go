//go:build unix

package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/report"
)

// few is a scenario of a swarm that a busy machine carries.
const few = `
stream: {bitrate: 1M}
source: {uplink: 8M, copies: 2}
viewers: {count: 4, uplinks: [{share: 100%, rate: 4x}]}
network: {latency: {median: 2ms, sigma: 0, min: 1ms}, jitter: 0ms, loss: 0.1%}
join: {over: 1s}
`

// scenarioOf is a file of that text.
func scenarioOf(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTrialStandsBesideTheSimulatorAndMediaMTX(t *testing.T) {
	elsewhere(t)
	file := filepath.Join(t.TempDir(), "trial.json")
	stdout, stderr, err := run(t, 3*time.Minute, "trial", scenarioOf(t, few+"duration: 6s\n"), "--baseline", "--baseline-for", "3s", "--media", "--report", file)
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, stdout, stderr)
	}
	for _, want := range []string{"4 viewers, 6 s", "trial / simulator", "frames at 4 viewers", "MediaMTX LL-HLS", "server egress"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("it does not say %q:\n%s", want, stdout)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Trial, Simulator *report.Report
		Used             []struct{ Part string }
		Baseline         []struct {
			Way        string
			EgressBps  float64 `json:"egress_bps"`
			Continuity float64
		}
		Media struct{ Viewers, Compared, Altered, Foreign, Reordered int }
	}
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	switch {
	case got.Trial == nil || got.Trial.Viewers != 4 || got.Trial.NeverPlayed != 0 || len(got.Trial.Series) == 0:
		t.Errorf("the trial: %+v", got.Trial)
	case got.Simulator == nil || got.Simulator.Viewers != 4:
		t.Errorf("the simulator: %+v", got.Simulator)
	case len(got.Used) != 4 || len(got.Baseline) != 3 || got.Baseline[1].EgressBps < 3e6:
		t.Errorf("used %+v, baseline %+v", got.Used, got.Baseline)
	case got.Media.Viewers != 4 || got.Media.Compared == 0 || got.Media.Altered+got.Media.Foreign+got.Media.Reordered > 0:
		t.Errorf("frames: %+v", got.Media)
	}
}

// TestTrialReportsWhatThereIsAtCtrlC interrupts the whole process group, as a terminal does.
func TestTrialReportsWhatThereIsAtCtrlC(t *testing.T) {
	elsewhere(t)
	dir := t.TempDir()
	cmd := exec.Command(shoal, "trial", scenarioOf(t, few+"duration: 1h\n"), "--baseline", "--data", dir, "--log-level", "warn")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out := newHistory(t, "shoal trial")
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }) // an error means that all have ended
	eventually(t, time.Minute, "a viewer has joined", func() bool {
		for _, name := range []string{"viewers-1.log", "viewers-2.log"} {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err == nil && strings.Contains(string(b), "impaired") {
				return true
			}
		}
		return false
	})
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if text := out.text(); err != nil || !strings.Contains(text, "stopped") || strings.Contains(text, "MediaMTX RTSP") {
			t.Errorf("it ends with %v:\n%s", err, text)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("it still runs 30 s after Ctrl-C")
	}
	eventually(t, 10*time.Second, "its whole group has ended", func() bool { return syscall.Kill(-cmd.Process.Pid, 0) != nil })
}

func TestTrialRefusesWhatItCannotDo(t *testing.T) {
	elsewhere(t)
	for name, c := range map[string]struct { // order-free: each line stands alone
		scenario string
		flags    []string
		want     []string
	}{
		"a policy that is not there": {"policy: nobody", nil, []string{"s.yml", "policy", "nobody", "substream"}},
		"another":                    {"", []string{"--policy", "nobody"}, []string{"--policy", "nobody", "substream"}},
		"several policies":           {"policy: [edf, clubs]", nil, []string{"s.yml", "policy", "--policy"}},
		"many helpers":               {"helpers: {count: 201}", nil, []string{"helpers.count", "200"}},
		"several streams":            {"streams: [{weight: 1}, {weight: 2}]", nil, []string{"streams"}},
		"rare key frames":            {"stream: {gop: 2s}", nil, []string{"stream.gop", "1s"}},
		"too many processes":         {"", []string{"--crew", "65"}, []string{"--crew", "64"}},
		"hardly any time":            {"", []string{"--baseline", "--baseline-for", "1s"}, []string{"--baseline-for", "2s"}},
		"profiles that are not kept": {"", []string{"--profile"}, []string{"--profile", "--data"}},
	} {
		_, stderr, err := run(t, time.Minute, append([]string{"trial", scenarioOf(t, c.scenario+"\n")}, c.flags...)...)
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
		for _, want := range c.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s: it does not say %q: %s", name, want, stderr)
			}
		}
	}
}
