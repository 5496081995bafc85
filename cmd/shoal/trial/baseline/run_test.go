//go:build unix

package baseline_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/cmd/shoal/trial/baseline"
)

const path = "live/clock" // a slash, which the control API must be asked for as well

// serve runs the real MediaMTX, into which the demo's clip is published under path with the publisher's clock.
func serve(t *testing.T, o tool.Options) *tool.Server {
	t.Helper()
	o.Dir, o.Progress, o.HLS = t.TempDir(), os.Stderr, tool.On
	o.Paths = "all_others:\n  useAbsoluteTimestamp: true"
	s, err := tool.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- clip.Publish(ctx, s.RTSPURL(path), clip.Options{}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the publisher: %v", err)
		}
	})
	ready, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	if _, err := s.WaitReady(ready, path); err != nil {
		t.Fatal(err)
	}
	return s
}

// options read s in one way, all measured.
func options(s *tool.Server, way baseline.Way) baseline.Options {
	o := baseline.Options{
		Way: way, URL: s.RTSPURL(path),
		Server: baseline.Server{API: s.APIURL(), Path: path, PID: s.PID()},
	}
	if way == baseline.LLHLS {
		o.URL = s.HLSURL(path)
	}
	return o
}

func TestEveryReaderGetsEveryPicture(t *testing.T) {
	t.Parallel()
	s := serve(t, tool.Options{})
	for _, c := range []struct {
		way  baseline.Way
		late float64 // ms, of which every delay is less
		fps  float64 // units of Delay a second and reader
	}{
		{baseline.RTSP, 2000, 30},
		{baseline.LLHLS, 5000, 30},
	} {
		t.Run(c.way.String(), func(t *testing.T) { // one after the other: the path counts the bytes of both
			o := options(s, c.way)
			o.Readers, o.Join, o.For = 3, time.Second, 5*time.Second
			if c.way == baseline.LLHLS {
				o.Join = 4 * time.Second // the first reader has MediaMTX begin, which takes it a segment or two
			}
			r, err := baseline.Run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if r.NeverRead > 0 || r.Lost > 0 || r.Startup.Count() != 3 {
				t.Fatalf("of 3 readers %d never read and %d were lost, with %v; %d started", r.NeverRead, r.Lost, r.Err, r.Startup.Count())
			}
			within(t, "continuity", r.Continuity, 0.9, 1)
			seconds := 3 * r.Window.Seconds()
			delays := []struct {
				what string
				ms   float64
			}{{"p50", r.Delay.Percentiles().P50}, {"max", r.Delay.Percentiles().Max}}
			for _, d := range delays {
				within(t, "delay "+d.what, d.ms, 0.001, c.late)
			}
			within(t, "access units with a delay, a second", float64(r.Delay.Count())/seconds, 0.8*c.fps, 1.2*c.fps)

			rate := clipRate(t)
			media := float64(r.Bytes) / seconds
			within(t, "media over that of the clip", media/rate, 0.8, 1.2)
			within(t, "egress of the server over media", float64(r.Server.Egress)/float64(r.Bytes), 0.95, 1.5)
			within(t, "connections over egress", float64(r.StreamBytes)/float64(r.Server.Egress), 0.95, 1.5)
			within(t, "wire over connections", float64(r.WireBytes)/float64(r.StreamBytes), 1.02, 1.5)
			if runtime.GOOS == "linux" {
				within(t, "cores of the server", r.Server.CPU.Seconds()/r.Window.Seconds(), 0.001, 2)
				within(t, "cores of the readers", r.CPU.Seconds()/r.Window.Seconds(), 0.001, 2)
			}
			if c.way == baseline.LLHLS {
				within(t, "p50 of parts less that of pictures, ms", r.PartDelay.Percentiles().P50-r.Delay.Percentiles().P50, 30, 150)
				within(t, "hold-back, ms", float64(r.HoldBack.Milliseconds()), 400, 1500)
			}
		})
	}
}

// clipRate is that of the clip, in bytes per second.
func clipRate(t *testing.T) float64 {
	t.Helper()
	c, err := clip.Open(clip.Default)
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, track := range c.Tracks {
		for _, s := range track.Samples {
			total += s.Size
		}
	}
	return float64(total) / c.Duration.Seconds()
}

func within(t *testing.T, what string, got, least, most float64) {
	t.Helper()
	t.Logf("%s: %.3f", what, got)
	if got < least || got > most {
		t.Errorf("%s: %.3f, want between %.3f and %.3f", what, got, least, most)
	}
}

func TestNobodyReadsWhatNobodyPublishes(t *testing.T) {
	t.Parallel()
	s, err := tool.Start(t.Context(), tool.Options{Dir: t.TempDir(), Progress: os.Stderr, HLS: tool.On})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	for _, way := range []baseline.Way{baseline.RTSP, baseline.LLHLS} {
		t.Run(way.String(), func(t *testing.T) {
			t.Parallel()
			o := options(s, way)
			o.Server, o.Readers, o.For = baseline.Server{}, 2, 2100*time.Millisecond
			if r, err := baseline.Run(t.Context(), o); !errors.Is(err, baseline.ErrNoPicture) {
				t.Errorf("Run() = %+v, %v, want ErrNoPicture", r, err)
			} else {
				t.Log(err)
			}
		})
	}
}

func TestAServerThatIsNotLowLatencyIsRefused(t *testing.T) {
	t.Parallel()
	s := serve(t, tool.Options{Extra: "hlsVariant: fmp4\nhlsAlwaysRemux: true"})
	o := options(s, baseline.LLHLS)
	o.Readers, o.For = 1, 12*time.Second // until there are segments to list, on a busy machine too
	if _, err := baseline.Run(t.Context(), o); !errors.Is(err, baseline.ErrNotLowLatency) {
		t.Errorf("Run() = %v, want ErrNotLowLatency", err)
	}
}

func TestEgressOfAPathThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := serve(t, tool.Options{})
	if _, err := baseline.Egress(t.Context(), s.APIURL(), "absent", baseline.RTSP); err == nil {
		t.Error("a path that nobody publishes has an egress over RTSP")
	}
	if n, err := baseline.Egress(t.Context(), s.APIURL(), path, baseline.LLHLS); n != 0 || err != nil {
		t.Errorf("a path that nobody has asked for over HLS: %d, %v, want 0", n, err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := serve(t, tool.Options{})
	for _, way := range []baseline.Way{baseline.RTSP, baseline.LLHLS} {
		t.Run(way.String(), func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			o := options(s, way)
			o.Readers, o.For = 2, time.Hour
			if _, err := baseline.Run(ctx, o); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Run() = %v, want the end of its context", err)
			}
		})
	}
}

func TestOptionsThatSayNothingAreRefused(t *testing.T) {
	good := baseline.Options{URL: "rtsp://127.0.0.1/x", Readers: 1, For: 10 * time.Second}
	for name, spoil := range map[string]func(*baseline.Options){
		"another way":           func(o *baseline.Options) { o.Way = 7 },
		"no URL":                func(o *baseline.Options) { o.URL = "" },
		"no readers":            func(o *baseline.Options) { o.Readers = 0 },
		"time that runs back":   func(o *baseline.Options) { o.Join = -1 },
		"a window of a second":  func(o *baseline.Options) { o.For = time.Second },
		"an API without a path": func(o *baseline.Options) { o.Server.API = "http://127.0.0.1" },
	} {
		o := good
		spoil(&o)
		if _, err := baseline.Run(t.Context(), o); err == nil {
			t.Errorf("%s: accepted", name)
		} else {
			t.Log(err)
		}
	}
}
