//go:build unix

package trial

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/scenario"
)

// real are options of a small trial over a network without faults.
func real(t *testing.T, edit func(*scenario.Scenario)) Options {
	t.Helper()
	s := scenario.Default()
	s.Duration = 8 * time.Second
	s.Stream.Bitrate = 1_000_000
	s.Source = scenario.Source{Uplink: scenario.Rate{Bits: 8_000_000}, Copies: 2}
	s.Viewers = scenario.Viewers{Count: 4, Uplinks: []scenario.Uplinks{{Share: 1, Rate: scenario.Rate{Times: 4}}}}
	s.Network = scenario.Network{Latency: scenario.Latency{Median: time.Millisecond}}
	s.Join = scenario.Joins{{Over: time.Second}}
	if edit != nil {
		edit(&s)
	}
	return Options{
		Scenario: &s, Policy: config.Plugin{Name: "substream"}, Crew: 2, Dir: t.TempDir(), Worker: worker(t), Out: os.Stderr, Log: silent(),
	}
}

// children are the processes that this one has started and that have not ended; nil where the system does not tell.
func children(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil || len(paths) == 0 {
		t.Logf("SKIPPED: no /proc on %s tells which processes are left; Linux does", runtime.GOOS)
	}
	var list []string
	for _, path := range paths {
		line, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended meanwhile
		}
		name := line[:bytes.LastIndexByte(line, ')')+1]
		fields := bytes.Fields(line[len(name):])
		if len(fields) > 1 && string(fields[1]) == fmt.Sprint(os.Getpid()) {
			list = append(list, string(name))
		}
	}
	return list
}

// long leaves a trial out under -short, as make check runs the tests with the race detector: one trial with every fault is enough.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("SKIPPED under -short: TestATrialWithFaultsIsReported runs the same code; make test runs this one too")
	}
}

func TestATrialWithFaultsIsReported(t *testing.T) {
	o := real(t, func(s *scenario.Scenario) {
		s.Faults = []scenario.Fault{
			{At: 0, FreeRiders: 0.25},
			{At: 2 * time.Second, Every: 2 * time.Second, Plugins: 1},
			{At: 3 * time.Second, Slow: scenario.Slow{Share: 0.25, Rate: 0.9}},
			{At: 4 * time.Second, Kill: 0.34},  // of the three that can be
			{At: 5 * time.Second, Leave: 0.34}, // of the three that are left
		}
	})
	o.Process, o.Compare = 1, 4
	joined := 0
	o.Progress = func(p Progress) { joined = max(joined, p.Joined) }
	result, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if left := children(t); len(left) > 0 {
		t.Errorf("still running: %v", left)
	}
	r := result.Report
	t.Logf("delay p50 %.1f p99 %.1f ms, playout p95 %.0f ms, startup p95 %.0f ms, continuity %.5f, %.2f copies, used %+v, frames %+v",
		r.DelayMS.P50, r.DelayMS.P99, r.PlayoutMS.P95, r.StartupMS.P95, r.Continuity.Mean, r.SourceEgressRatio, result.Used, *result.Media)
	if !result.Whole || joined != 4 || r.Viewers != 4 || r.NeverPlayed != 0 {
		t.Errorf("whole %v, %d joined, %d reported, %d never played", result.Whole, joined, r.Viewers, r.NeverPlayed)
	}
	least := 0.9
	if testing.Short() { // with the race detector, which takes processor from all processes of the trial
		least = 0.5
	}
	if honest := r.Cohorts["contributors"]; honest.Viewers != 3 || honest.Continuity.Mean <= least {
		t.Errorf("the honest: %+v", honest)
	}
	if free := r.Cohorts["freeRiders"]; free.Viewers != 1 || free.UploadBps >= r.Cohorts["contributors"].UploadBps {
		t.Errorf("the free rider: %+v, the honest: %+v", free, r.Cohorts["contributors"])
	}
	if killed := result.Killed; killed["transport"]+killed["policy"]+killed["ingest"] == 0 {
		t.Errorf("plugins' processes killed: %v", killed)
	}
	if len(result.Held) == 0 || result.Held[0].Goroutines == 0 {
		t.Errorf("held: %+v", result.Held)
	}
	if len(r.Series) < 6 {
		t.Fatalf("%d seconds: %+v", len(r.Series), r.Series)
	}
	if last := r.Series[len(r.Series)-1]; last.Viewers != 2 { // one was killed, one has left
		t.Errorf("at the end %d play: %+v", last.Viewers, r.Series)
	}
	within(t, "duration", r.DurationS, 8, 12)
	within(t, "rate", r.StreamBps, 0.8e6, 1.2e6)
	within(t, "capture until born, p50", r.IngestMS.P50, 0.01, 500)
	within(t, "delay p50", r.DelayMS.P50, 0.5, 1000)
	within(t, "playout p50", r.PlayoutMS.P50, r.DelayMS.P50, 5000)
	within(t, "source copies", r.SourceEgressRatio, 0.5, 8)
	within(t, "fed to the source, times the stream", 8*float64(result.Fed)/(r.DurationS*r.StreamBps), 0.8, 1.4)
	within(t, "links", float64(result.Links), 1, 4)
	if r.RejectedChunks != 0 || r.Policy != "substream" || r.ResourceIndex <= 0 {
		t.Errorf("%d chunks rejected, policy %s, resource index %v", r.RejectedChunks, r.Policy, r.ResourceIndex)
	}
	if runtime.GOOS == "linux" {
		for _, u := range result.Used[:3] {
			within(t, "cores of "+u.Part, u.CPU, 0.0001, 64)
		}
	}
	if err := result.Media.Err(); err != nil || result.Media.Viewers != 4 {
		t.Errorf("frames at %d viewers: %v", result.Media.Viewers, err)
	}
	for _, name := range []string{"source.log", "viewers-1.log", "viewers-2.log", "mediamtx/mediamtx.log"} {
		if _, err := os.Stat(filepath.Join(o.Dir, name)); err != nil {
			t.Error(err)
		}
	}
}

func within(t *testing.T, what string, got, least, most float64) {
	t.Helper()
	if got < least || got > most {
		t.Errorf("%s: %.4g, want between %.4g and %.4g", what, got, least, most)
	}
}

func TestHelpersCarryViewersWithoutAnUplinkAndAreNotCounted(t *testing.T) {
	long(t)
	o := real(t, func(s *scenario.Scenario) {
		s.Source.Uplink = scenario.Rate{Times: 2.5}
		s.Viewers.Uplinks = []scenario.Uplinks{{Share: 1}} // enough to take
		s.Helpers = scenario.Helpers{Count: 2, Uplink: scenario.Rate{Times: 4}}
	})
	result, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	r := result.Report
	t.Logf("continuity %v, offload %v, source copies %v, resource index %v", r.Continuity, r.Offload, r.SourceEgressRatio, r.ResourceIndex)
	if r.Viewers != 4 || r.NeverPlayed != 0 || r.DelayMS.Samples == 0 {
		t.Errorf("%d viewers, %d of them never played: %+v", r.Viewers, r.NeverPlayed, r)
	}
	if last := r.Series[len(r.Series)-1]; last.Viewers > 4 {
		t.Errorf("%d viewers play of 4", last.Viewers)
	}
	within(t, "resource index", r.ResourceIndex, 2.5, 2.75) // (2.5 + 2 x 4) / 4
	if r.Offload < 0.1 {                                    // the viewers have nothing to give: it is the helpers'
		t.Errorf("the helpers fed nobody: offload %v", r.Offload)
	}
	if left := children(t); len(left) > 0 {
		t.Errorf("still running: %v", left)
	}
}

func TestATrialThatIsStoppedReportsWhatThereIs(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	o := real(t, func(s *scenario.Scenario) { s.Duration = time.Hour })
	o.Baseline = time.Hour
	o.Progress = func(p Progress) {
		if p.Playing == 4 {
			stop()
		}
	}
	result, err := Run(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	if r := result.Report; result.Whole || r.Viewers != 4 || r.NeverPlayed != 0 || r.DelayMS.Samples == 0 || len(result.Ways) > 0 {
		t.Errorf("whole %v, ways %v, report %+v", result.Whole, result.Ways, r)
	}
	if left := children(t); len(left) > 0 {
		t.Errorf("still running: %v", left)
	}
}

func TestATrialThatIsStoppedBeforeItBeginsHasNoReport(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if result, err := Run(ctx, real(t, nil)); result != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("Run() = %v, %v, want context.Canceled", result, err)
	}
	if left := children(t); len(left) > 0 {
		t.Errorf("still running: %v", left)
	}
}

func TestViewersResumeWhenTheSourceIsKilledAndStartedAgain(t *testing.T) {
	long(t)
	o := real(t, func(s *scenario.Scenario) {
		s.Duration = 12 * time.Second
		s.Join = scenario.Joins{{Count: 3}, {At: 4500 * time.Millisecond, Count: 1}} // one while there is no source
		s.Faults = []scenario.Fault{{At: 4 * time.Second, SourceDown: time.Second}}
	})
	result, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if left := children(t); len(left) > 0 {
		t.Errorf("still running: %v", left)
	}
	r, back := result.Report, result.Restarts
	if back == nil {
		t.Fatal("nothing is said of the restart")
	}
	t.Logf("%+v; %.2f copies of %.0f b/s, startup p95 %.0f ms, used %+v", *back, r.SourceEgressRatio, r.StreamBps, r.StartupMS.P95, result.Used)
	if !result.Whole || r.Viewers != 4 || r.NeverPlayed != 0 {
		t.Errorf("whole %v, %d viewers, %d never played", result.Whole, r.Viewers, r.NeverPlayed)
	}
	if back.Killed != 1 || back.LiveMS.Samples != 1 || back.ResumeMS.Samples != 3 || back.NeverResumed != 0 {
		t.Errorf("%+v, want 3 that resume", *back)
	}
	within(t, "rate", r.StreamBps, 0.5e6, 1.1e6) // of both lives, and nothing between
	within(t, "source copies", r.SourceEgressRatio, 0.5, 8)
	if last := r.Series[len(r.Series)-1]; last.Viewers != 4 {
		t.Errorf("at the end %d play: %+v", last.Viewers, r.Series)
	}
	if runtime.GOOS == "linux" {
		for _, u := range result.Used {
			within(t, "cores of "+u.Part, u.CPU, 0.0001, 64)
		}
	}
}

func TestReadersOfMediaMTXComeAfterTheSwarm(t *testing.T) {
	long(t)
	o := real(t, func(s *scenario.Scenario) { s.Duration = 5 * time.Second })
	o.Baseline = 3 * time.Second
	result, err := Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if left := children(t); len(left) > 0 {
		t.Errorf("still running: %v", left)
	}
	if len(result.Ways) != 3 {
		t.Fatalf("ways %+v", result.Ways)
	}
	for i, name := range []string{"Shoal", "MediaMTX RTSP", "MediaMTX LL-HLS"} {
		w := &result.Ways[i]
		t.Logf("%+v", *w)
		if w.Way != name || w.Viewers != 4 || w.NeverPlayed != 0 || w.Lost != 0 || w.DelayMS.Samples == 0 || w.Continuity == 0 {
			t.Errorf("%s: %+v", name, *w)
		}
	}
	for _, w := range result.Ways[1:] { // each reader gets all of the stream from the server
		within(t, w.Way+", copies", w.EgressBps/1e6, 3.2, 6.5)
	}
	if w := result.Ways[2]; w.HoldBackMS <= 0 {
		t.Errorf("LL-HLS holds nothing back: %+v", w)
	}
	for _, name := range []string{"readers-RTSP.log", "readers-LL-HLS.log"} {
		if _, err := os.Stat(filepath.Join(o.Dir, name)); err != nil {
			t.Error(err)
		}
	}
}
