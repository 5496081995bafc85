package sim_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/sim"
)

// sharing is a source whose uplink two streams share, with viewers that pass nothing on: the chain has it send each chunk twice.
func sharing(uplink uint64, streams ...sim.Share) sim.Config {
	cfg := crowd(6)
	cfg.Duration = 20 * time.Second
	cfg.Source = sim.Uplink{Rate: uplink, Cap: uplink}
	cfg.Groups[0].Uplink.Rate = sim.None
	cfg.Streams = streams
	return cfg
}

func TestStreamsThatAreShortShareTheSourceByWeight(t *testing.T) {
	const uplink = 300_000 // bytes per second; both streams twice are 580,000
	r := run(t, sharing(uplink, sim.Share{Weight: 1}, sim.Share{Weight: 2}))
	if len(r.Streams) != 2 || r.Streams[0].Weight != 1 || r.Streams[1].Weight != 2 {
		t.Fatalf("streams are %+v", r.Streams)
	}
	for i, want := range []float64{1. / 3, 2. / 3} {
		if got := r.Streams[i].SourceShare; math.Abs(got/want-1) > 0.1 {
			t.Errorf("stream %d has %.3f of the source, want %.3f", i, got, want)
		}
	}
	if sum := r.Streams[0].SourceShare + r.Streams[1].SourceShare; math.Abs(sum-1) > 1e-9 {
		t.Errorf("the shares are %v together", sum)
	}
	if r.Max1sEgressBps > 8*uplink {
		t.Errorf("%.0f bits left in one second, the cap is %d", r.Max1sEgressBps, 8*uplink)
	}
}

func TestWhatAStreamLeavesIsTheOthers(t *testing.T) {
	for _, limit := range []uint64{0, 300_000} {
		cfg := sharing(300_000, sim.Share{Weight: 1}, sim.Share{Weight: 2, Bitrate: 100_000})
		cfg.Source.Cap = limit
		r := run(t, cfg)
		if got := r.Streams[1].SourceEgressRatio; got < 2 {
			t.Errorf("cap %d: of the stream that wants little %.2f copies leave the source, want both", limit, got)
		}
		if sent := r.Streams[0].SourceEgressRatio * r.Streams[0].StreamBps / 8; sent < 2*300_000/3 {
			t.Errorf("cap %d: the other sends %.0f bytes per second, want what is left, twice its third of 300,000 and more", limit, sent)
		}
	}
}

func TestEveryViewerPlaysEveryStreamOverTheSameLinks(t *testing.T) {
	one := crowd(6)
	one.Network = sim.Network{Median: 20 * time.Millisecond, Loss: 0.01}
	two := one
	two.Streams = []sim.Share{{}, {Bitrate: 500_000}}
	alone, both := run(t, one), run(t, two)
	if alone.Streams != nil {
		t.Errorf("a single stream is reported twice: %+v", alone.Streams)
	}
	if len(both.Streams) != 2 || both.NeverPlayed > 0 {
		t.Fatalf("%d streams, %d viewers that did not play both", len(both.Streams), both.NeverPlayed)
	}
	for i, s := range both.Streams {
		if s.Viewers != 6 || s.ChunkContinuity < 0.97 {
			t.Errorf("stream %d reached %d viewers with %.3f of its chunks in time", i, s.Viewers, s.ChunkContinuity)
		}
	}
	if got := both.StreamBps / alone.StreamBps; math.Abs(got-1.5) > 0.01 {
		t.Errorf("both streams are %.3f times one, want 1.5", got)
	}
	if sum := both.Streams[0].DelayMS.Samples + both.Streams[1].DelayMS.Samples; sum != both.DelayMS.Samples {
		t.Errorf("%d delays in the streams and %d in all", sum, both.DelayMS.Samples)
	}
}

func TestFaultsAndDeparturesEndAllStreamsOfAPeer(t *testing.T) {
	cfg := crowd(8)
	cfg.Streams = []sim.Share{{}, {Weight: 3}, {Bitrate: 200_000}}
	cfg.Series = sim.PerSecond
	cfg.Faults = []sim.Fault{
		sim.Kill{At: 4 * time.Second, Share: 0.25}, sim.Leave{At: 5 * time.Second, Share: 0.34}, sim.Slow{At: 5 * time.Second, Share: 0.5, Rate: 0.5},
	}
	r := run(t, cfg)
	if n := r.Series[len(r.Series)-1].Viewers; n != 4 || r.Viewers != 8 || r.Streams[2].Viewers != 8 {
		t.Errorf("%d viewers at the end and %d and %d in the report, want 4 and 8", n, r.Viewers, r.Streams[2].Viewers)
	}
}

func TestStreamsBeyondTheirLimitsAreRefused(t *testing.T) {
	for name, c := range map[string]struct { // order-free: each stands alone
		streams []sim.Share
		names   string
	}{
		"too many":     {make([]sim.Share, 17), "Streams are 17"},
		"a weight":     {[]sim.Share{{}, {Weight: 1001}}, "Streams[1]"},
		"a rate of 1":  {[]sim.Share{{Bitrate: 1}}, "Streams[0]"},
		"a weight < 0": {[]sim.Share{{Weight: -1}}, "Streams[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := crowd(2)
			cfg.Streams = c.streams
			if _, err := sim.Run(cfg); !errors.Is(err, sim.ErrConfig) || !strings.Contains(err.Error(), c.names) {
				t.Errorf("error %v, want ErrConfig that names %s", err, c.names)
			}
		})
	}
}

func TestWireRateCountsAllStreams(t *testing.T) {
	c := sim.Config{Stream: sim.Stream{Bitrate: 800_000, Group: 100 * time.Millisecond}}
	one := c.WireRate()
	c.Streams = []sim.Share{{}, {Bitrate: 1_600_000}}
	if got := c.WireRate(); got != 3*one {
		t.Errorf("%v bytes per second, want three times %v", got, one)
	}
	c.Stream.Trace = []int{5000, 15_000}
	c.Streams = []sim.Share{{Bitrate: 800_000}, {Bitrate: 1_600_000}}
	if got := c.WireRate(); got != 3*one {
		t.Errorf("%v bytes per second of a trace, want three times %v", got, one)
	}
}
