package trial

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/trial/baseline"
	"github.com/shoal-live/shoal/cmd/shoal/trial/frames"
	"github.com/shoal-live/shoal/core/report"
)

// example is a result of which every figure is known.
func example() *Result {
	return &Result{
		Report: &report.Report{
			Viewers: 7, DurationS: 30, Seed: 3, StreamBps: 1e6, ResourceIndex: 1.5, Policy: "substream", BoundMS: report.Bounds{Burst: 50},
			DelayMS: report.Percentiles{P50: 40, P95: 90, P99: 100}, PlayoutMS: report.Percentiles{P50: 300, P95: 350, P99: 400},
			IngestMS: report.Percentiles{P50: 2, P99: 5}, StartupMS: report.Percentiles{P50: 500, P95: 900},
			Stretch: 2, SourceEgressRatio: 4, Continuity: report.Continuity{Mean: 0.999, Worst1Pct: 0.99}, Offload: 0.8,
		},
		Used: []Used{{partMedia, 0.1, 50e6}, {partSource, 0.2, 100e6}, {partViewers, 1.5, 900e6}, {"conductor", 0.05, 40e6}},
		Fed:  3_900_000, Links: 9, Whole: true,
	}
}

// lines are those of what Print writes, with single spaces.
func lines(t *testing.T, r *Result, simulated *report.Report) []string {
	t.Helper()
	var b strings.Builder
	if err := Print(&b, r, simulated); err != nil {
		t.Fatal(err)
	}
	var list []string
	for line := range strings.Lines(b.String()) {
		list = append(list, strings.Join(strings.Fields(line), " "))
	}
	return list
}

func holds(t *testing.T, list []string, wanted ...string) {
	t.Helper()
	for _, want := range wanted {
		if !slices.Contains(list, want) {
			t.Errorf("no line %q in\n%s", want, strings.Join(list, "\n"))
		}
	}
}

func TestTheTableHoldsWhatWasMeasured(t *testing.T) {
	holds(t, lines(t, example(), nil),
		"7 viewers, 30 s, seed 3, 1 Mb/s, resource index 1.5, burst bound 50 ms, policy substream",
		"delay p99 100 ms", "stretch (p99 / burst bound) 2.00", "startup p95 900 ms", "continuity 0.99900", "never played 0", "source copies 4.00", "offload, % 80.0",
		"processor 185 % of one core: MediaMTX 10 %, 50 MB; source 20 %, 100 MB; viewers 150 %, 900 MB; conductor 5 %, 40 MB; "+
			"at most 9 link ends at a viewer; over 30s")
	stopped := example()
	stopped.Whole = false
	holds(t, lines(t, stopped, nil), "7 viewers, 30 s, stopped, seed 3, 1 Mb/s, resource index 1.5, burst bound 50 ms, policy substream")
}

func TestTheTableSaysWhereTheSimulatorIsFarAway(t *testing.T) {
	simulated := *example().Report
	simulated.DelayMS = report.Percentiles{P50: 40, P95: 80, P99: 160}
	simulated.Continuity.Mean = 0.5
	holds(t, lines(t, example(), &simulated),
		"trial simulator trial / simulator",
		"delay p50 40 ms 40 ms 1.00", "delay p95 90 ms 80 ms 1.12", "delay p99 100 ms 160 ms 0.62 apart",
		"delay p99.9 0 ms 0 ms", // nothing to divide by
		"continuity 0.99900 0.50000")
}

func TestWhatIsApart(t *testing.T) {
	for _, c := range []struct {
		trial, simulated float64
		want             string
	}{{1, 1, "1.00"}, {1.19, 1, "1.19"}, {1.21, 1, "1.21  apart"}, {1, 1.19, "0.84"}, {1, 1.21, "0.83  apart"}, {0, 1, "0.00  apart"}, {1, 0, ""}} {
		if got := apart(c.trial, c.simulated); got != c.want {
			t.Errorf("%v beside %v is %q, want %q", c.trial, c.simulated, got, c.want)
		}
	}
}

func TestTheWaysStandSideBySide(t *testing.T) {
	r := example()
	var delay report.Histogram
	delay.Add(12_000)
	rtsp := BaselineAnswer{Way: baseline.RTSP, Result: baseline.Result{
		Readers: 7, Window: 10 * time.Second, WireBytes: 13_000_000, Delay: delay, Continuity: 1, CPU: 200 * time.Millisecond,
		Server: baseline.ServerUsage{Egress: 12_500_000, CPU: 500 * time.Millisecond},
	}}
	hls := BaselineAnswer{Way: baseline.LLHLS, Failed: "it was slow", Result: baseline.Result{
		Readers: 7, NeverRead: 1, Lost: 1, Window: 10 * time.Second, WireBytes: 16_000_000, HoldBack: 500 * time.Millisecond,
	}}
	r.Ways = []Way{own(r, 1.04), rtsp.way(), hls.way()}
	holds(t, lines(t, r, nil),
		"Shoal MediaMTX RTSP MediaMTX LL-HLS",
		"viewers 7 7 7",
		"server egress, Mb/s 5.08 10.40 12.80", // 4 copies of 1 Mb/s, and 3.9 MB in 30 s with headers
		"times that of Shoal 1.0 2.0 2.5",
		"server processor, % of a core 30 5 0",
		"viewers' processor, % of a core 150 2 0",
		"delay p50 40 ms 12 ms 0 ms",
		"playout delay p99 400 ms",
		"startup p95 900 ms 0 ms 0 ms",
		"continuity 0.99900 1.00000 0.00000",
		"never played 0 0 1",
		"Players of MediaMTX LL-HLS stay 500 ms behind what is complete.",
		"1 readers of MediaMTX LL-HLS ended: it was slow")
}

func TestTheTableSaysWhatWasFoundOfTheFrames(t *testing.T) {
	r := example()
	r.Media = &Media{
		Viewers: 4, Silent: 1, Compared: 100, Equal: 97, Missing: 5, Altered: 2, Foreign: 1,
		Examples: []frames.Case{{What: "missing", Size: 5}, {What: "altered", Size: 321, Time: time.Unix(61, 5e6).UTC()}},
	}
	holds(t, lines(t, r, nil),
		"frames at 4 viewers: 100 compared, 97 equal; 5 missing, 2 altered, 1 foreign, 0 reordered, 0 duplicated",
		"1 viewers that were to be compared played nothing",
		"altered: 321 bytes at 00:01:01.005")
}

func TestTheTableSaysHowViewersWentOn(t *testing.T) {
	r := example()
	r.Restarts = &Restarts{
		Killed: 2, LiveMS: report.Percentiles{Max: 950}, ResumeMS: report.Percentiles{Samples: 13, P50: 800, P95: 1500, P99: 2100, Max: 2200}, NeverResumed: 1,
	}
	holds(t, lines(t, r, nil),
		"source killed 2 times, live 950 ms after its start, at most; from then until viewers play again: "+
			"p50 800 ms, p95 1500 ms, p99 2100 ms, at most 2200 ms, 13 times; 1 never")
}

func TestTheReportHoldsWhatThereIs(t *testing.T) {
	whole := example()
	whole.Ways, whole.Media, whole.Restarts = []Way{own(whole, 1)}, new(Media), new(Restarts)
	for _, c := range []struct {
		name string
		file File
		want []string
	}{
		{"a trial alone", example().File(nil), []string{"trial", "used"}},
		{"all of it", whole.File(new(report.Report)), []string{"baseline", "media", "restarts", "simulator", "trial", "used"}},
	} {
		b, err := json.Marshal(c.file)
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if keys := slices.Sorted(maps.Keys(got)); !slices.Equal(keys, c.want) {
			t.Errorf("%s: keys %v, want %v", c.name, keys, c.want)
		}
	}
}
