package report

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestQuantilesAreRightToThreePercent(t *testing.T) {
	const seed = 20260806
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for name, draw := range map[string]func() int64{ // order-free: each on its own
		"uniform":    func() int64 { return rng.Int64N(2_000_000) },
		"log-normal": func() int64 { return int64(50_000 * math.Exp(rng.NormFloat64())) },
		"small":      func() int64 { return rng.Int64N(60) },
		"an hour":    func() int64 { return 3_600_000_000 - rng.Int64N(1000) },
	} {
		var h, first, second Histogram
		values := make([]int64, 20_000)
		for i := range values {
			values[i] = draw()
			h.Add(values[i])
			if i < 5000 {
				first.Add(values[i])
			} else {
				second.Add(values[i])
			}
		}
		slices.Sort(values)
		for _, q := range []float64{0, 0.01, 0.5, 0.95, 0.99, 0.999, 1} {
			want := float64(values[min(int(q*float64(len(values))), len(values)-1)])
			if got := h.Quantile(q); math.Abs(got-want) > 0.032*want+1 {
				t.Errorf("%s: quantile %v is %v, want %v", name, q, got, want)
			}
		}
		first.Merge(&second)
		if first != h {
			t.Errorf("%s: two halves merged are not the whole", name)
		}
		first.Sub(&second)
		if first.Count() != 5000 {
			t.Errorf("%s: %d samples after Sub", name, first.Count())
		}
	}
}

func TestHistogramTakesWhateverComes(t *testing.T) {
	var h Histogram
	if h.Quantile(0.5) != 0 || h.Percentiles() != (Percentiles{}) {
		t.Error("an empty histogram is not zero")
	}
	h.Add(-5)
	h.Add(math.MaxInt64)
	h.Add(math.MinInt64)
	if h.Count() != 3 || h.Quantile(0) != 0 || h.Quantile(1) <= 0 {
		t.Errorf("count %d, quantiles %v and %v", h.Count(), h.Quantile(0), h.Quantile(1))
	}
}

// run is a source and four viewers, one of which never plays.
func run() *Run {
	viewer := func(ms int64, cohorts ...string) Peer {
		p := Peer{
			Startup: time.Duration(ms) * 10 * time.Millisecond, Played: true,
			GroupsDue: 100, GroupsComplete: 99, ChunksDue: 1000, ChunksHeld: 995, Stalls: 1,
			Useful: 1000, Duplicate: 50, Parity: 20, Repair: 30, Forged: 1, UsefulBytes: 1_000_000, FromSourceBytes: 250_000,
			DialsLinked: 3, DialsFailed: 1, WireSent: 1_000_000, ChunkSent: 960_000, Uplink: 200_000, ClockError: time.Duration(ms) * time.Microsecond,
			Cohorts: cohorts,
		}
		for range 1000 {
			p.Delay.Add(ms * 1000)
		}
		p.Playout.Add(ms * 5000)
		return p
	}
	never := Peer{Uplink: 200_000, Cohorts: []string{"late"}, GroupsDue: 10, ChunksDue: 100}
	return &Run{
		Seed: 7, Duration: 10 * time.Second, Policy: "substream", StreamBytes: 1_250_000, Most1s: 400_000,
		Source:  Peer{WireSent: 5_000_000, ChunkSent: 4_900_000, Uplink: 600_000},
		Viewers: []Peer{viewer(50, "early"), viewer(100, "early", "contributors"), viewer(150, "late"), never},
		Bounds:  Bounds{Burst: 100}, ClockMethod: "same",
	}
}

func TestBuildFollowsTheFormulas(t *testing.T) {
	r := Build(run())
	near := func(name string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 0.02*math.Abs(want)+1e-9 {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	near("stream_bps", r.StreamBps, 1_000_000)
	near("resource_index", r.ResourceIndex, 8*(600_000+4*200_000)/(4*1e6))
	near("delay p50", r.DelayMS.P50, 100)
	near("delay p99", r.DelayMS.P99, 150)
	near("startup p50", r.StartupMS.P50, 1000)
	near("playout max", r.PlayoutMS.Max, 750)
	near("continuity mean", r.Continuity.Mean, 3*0.99/4)
	near("continuity worst", r.Continuity.Worst1Pct, 0)
	near("chunk_continuity", r.ChunkContinuity, 2985.0/3100)
	near("source_egress_ratio", r.SourceEgressRatio, 4)
	near("max_1s_egress_bps", r.Max1sEgressBps, 3_200_000)
	near("source_cap_bps", r.SourceCapBps, 4_800_000)
	near("offload", r.Offload, 0.75)
	near("dial_success", r.DialSuccess, 0.75)
	near("duplicate_ratio", r.DuplicateRatio, 0.05)
	near("parity_ratio", r.ParityRatio, 0.02)
	near("repair_ratio", r.RepairRatio, 0.03)
	near("redundancy_ratio", r.RedundancyRatio, 0.10)
	near("control_ratio", r.ControlRatio, (100_000.0+3*40_000)/8_000_000)
	near("stretch", r.Stretch, 1.5)
	near("clock error", r.Clock.ErrorMS, 0.15)
	if r.Viewers != 4 || r.NeverPlayed != 1 || r.Stalls != 3 || r.RejectedChunks != 3 || r.Seed != 7 || r.Policy != "substream" {
		t.Errorf("%+v", r)
	}
	if len(r.Cohorts) != 3 || r.Cohorts["early"].Viewers != 2 || r.Cohorts["contributors"].Viewers != 1 || r.Cohorts["late"].Viewers != 2 {
		t.Fatalf("cohorts %+v", r.Cohorts)
	}
	near("upload of late", r.Cohorts["late"].UploadBps, 400_000)
	near("delay p50 of late", r.Cohorts["late"].DelayMS.P50, 150)
	near("continuity of early", r.Cohorts["early"].Continuity.Mean, 0.99)
}

func TestTheWorstViewerIsOneAndTheWorstHundredthAtLeastOne(t *testing.T) {
	shares := make([]float64, 200)
	for i := range shares {
		shares[i] = 1
	}
	shares[7], shares[150] = 0.5, 0.25
	if got, want := continuity(shares), (Continuity{Mean: 198.75 / 200, Worst1Pct: 0.375, Worst: 0.25}); got != want {
		t.Errorf("of 200: %+v, want %+v", got, want)
	}
	if got, want := continuity([]float64{1, 0.5}), (Continuity{Mean: 0.75, Worst1Pct: 0.5, Worst: 0.5}); got != want {
		t.Errorf("of two: %+v, want %+v", got, want)
	}
}

func TestBuildOfNothingHasNoInfinity(t *testing.T) {
	for _, r := range []*Run{{}, {Viewers: make([]Peer, 1)}, {Duration: time.Second}} {
		if _, err := json.Marshal(Build(r)); err != nil {
			t.Error(err)
		}
	}
}

func TestAnUnlimitedUplinkHasNoResourceIndex(t *testing.T) {
	r := run()
	r.Viewers[1].Uplink = 0
	if got := Build(r).ResourceIndex; got != 0 {
		t.Errorf("resource index %v", got)
	}
}

func TestFieldNamesAreThoseOfTheDesign(t *testing.T) {
	out, err := json.Marshal(Build(run()))
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(out, &fields); err != nil {
		t.Fatal(err)
	}
	const names = "viewers seed duration_s stream_bps resource_index ingest_ms delay_ms playout_delay_ms startup_ms continuity " +
		"chunk_continuity stalls source_egress_ratio max_1s_egress_bps offload duplicate_ratio parity_ratio repair_ratio " +
		"redundancy_ratio control_ratio bound_ms stretch cohorts clock cpu_s max_rss_bytes"
	for name := range strings.FieldsSeq(names) {
		if _, ok := fields[name]; !ok {
			t.Errorf("no field %q", name)
		}
	}
	for _, name := range []string{`"p50":`, `"p95":`, `"p99":`, `"p999":`, `"mean":`, `"worst_1pct":`, `"worst":`, `"postal":`, `"burst":`, `"chunk_steps":`, `"method":`, `"error_ms":`} {
		if !strings.Contains(string(out), name) {
			t.Errorf("no field %s", name)
		}
	}
}
