package hls_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/cmd/shoal/clip/cliptest"
	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp/rtsptest"
)

// recording is what came, for cliptest to judge.
func (r *recorder) recording() *cliptest.Recording {
	out := &cliptest.Recording{}
	for i, samples := range r.samples {
		k := r.unpack.Init().Tracks[i]
		t := &cliptest.Track{Codec: k.Params, ClockRate: int64(k.Timescale)}
		for _, s := range samples {
			t.Units = append(t.Units, cliptest.Unit{Payload: s.Payload, Ticks: s.PTS, DTS: s.DTS, Key: s.RandomAccess})
		}
		out.Tracks = append(out.Tracks, t)
	}
	return out
}

func TestPlainHLSComesThroughAsItIs(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name  string
		start func(*testing.T) (finish func(*testing.T))
	}{
		{"H.264 and AAC in MPEG-TS", starting("h264-bframes-aac", asTS)},
		{"H.264 and Opus in MPEG-TS", starting("h264-opus", asTS)},
		{"H.265 and AAC in MPEG-TS", starting("h265-aac", asTS)},
		{"H.264 and AAC in fMP4", starting("h264-bframes-aac", asFMP4)},
		{"AV1 and Opus in fMP4", starting("av1-opus", asFMP4)},
		{"VP9 and Opus in fMP4", starting("vp9-opus", asFMP4)},
		{"what has ended, from its beginning to its end", startFinished},
		{"what stands behind a discontinuity", startDiscontinuity},
		{"MPEG-TS of ffmpeg", startingFFmpeg("mpegts")},
		{"fMP4 of ffmpeg", startingFFmpeg("fmp4")},
	}
	finish := make([]func(*testing.T), len(cases))
	for i, c := range cases { // all at once, or the test would take half a minute
		finish[i] = c.start(t)
	}
	for i, c := range cases {
		t.Run(c.name, finish[i])
	}
}

// starting reads a clip from an origin.
func starting(name string, form form) func(*testing.T) func(*testing.T) {
	return func(t *testing.T) func(*testing.T) {
		f := newFilm(t, name, form)
		r := newRecorder(t, 1500*time.Millisecond)
		end := begin(t, ingest.Config{Source: newOrigin(t, f).url()}, r)
		return func(t *testing.T) {
			in, err := end()
			if err != nil {
				t.Fatal(err)
			}
			same(t, f.clip, r)
			aligned(t, f.clip, r)
			inTime(t, r, in.(ingest.Measurer).Measured())
		}
	}
}

func startFinished(t *testing.T) func(*testing.T) {
	f := newFilm(t, "h264-480x270-aac", asTS)
	r := newRecorder(t, time.Hour)
	end := begin(t, ingest.Config{Source: answer(t, 404, "", finished(f, 2))}, r)
	return func(t *testing.T) {
		if _, err := end(); !errors.Is(err, ingest.ErrSource) || !strings.Contains(err.Error(), "ended") {
			t.Errorf("Run returned %v", err)
		}
		same(t, f.clip, r)
		if n := len(r.samples[0]); n < 78 || n > 80 { // the last pictures are in no whole group
			t.Errorf("%d pictures of 80", n)
		}
	}
}

func startDiscontinuity(t *testing.T) func(*testing.T) {
	first, second := newFilm(t, "h264-480x270-aac", asTS), newFilm(t, "h264-bframes-aac", asTS)
	o := newOrigin(t, first)
	r := newRecorder(t, 1500*time.Millisecond)
	r.epochs = 2
	end := begin(t, ingest.Config{Source: o.url()}, r)
	go func() {
		select {
		case <-r.began:
			o.change(second)
		case <-t.Context().Done():
		}
	}()
	return func(t *testing.T) {
		if _, err := end(); err != nil {
			t.Fatal(err)
		}
		if len(r.media) != 2 || r.media[1].Tracks[0].Width != 320 {
			t.Fatalf("%d epochs, the last is %+v", len(r.media), r.media[len(r.media)-1].Tracks)
		}
		same(t, second.clip, r)
	}
}

// same compares what came with the clip.
func same(t *testing.T, c *clip.Clip, r *recorder) {
	t.Helper()
	whole, recording := *c, r.recording()
	if strings.HasSuffix(c.Name, "opus") { // whose sound is the same every second, so that frames cannot be told apart
		whole.Tracks, recording.Tracks = whole.Tracks[:1], recording.Tracks[:1]
	}
	if err := recording.CheckWhole(&whole); err != nil {
		t.Error(err)
	}
}

// aligned wants frames that are in the clip once as far from the loop's start in every track.
func aligned(t *testing.T, c *clip.Clip, r *recorder) {
	t.Helper()
	var zero []time.Duration // of the loop, on the stream's time
	for i, samples := range r.samples {
		at := map[string][]time.Duration{}
		for _, s := range c.Tracks[i].Samples {
			b, err := s.Payload()
			if err != nil {
				t.Fatal(err)
			}
			unit := largest(t, r.unpack, cmaf.Sample{Track: i, Payload: b})
			at[unit] = append(at[unit], s.PTS)
		}
		for _, s := range samples {
			if places := at[largest(t, r.unpack, s)]; len(places) == 1 {
				zero = append(zero, (r.unpack.PTS(&s)-places[0]+10*c.Duration)%c.Duration)
			}
		}
	}
	for n, z := range zero {
		if off := (z - zero[0]).Abs(); min(off, c.Duration-off) > 2*time.Millisecond {
			t.Fatalf("frame %d is %v from its distance to the first", n, off)
		}
	}
}

// largest is the largest unit of a sample.
func largest(t *testing.T, u *cmaf.Unpackager, s cmaf.Sample) string {
	t.Helper()
	units, err := u.Units(&s)
	if err != nil {
		t.Fatal(err)
	}
	return string(slices.MaxFunc(units, func(a, b []byte) int { return len(a) - len(b) }))
}

// inTime wants groups as far apart as their media, though segments come in bursts, and a delay that fits.
func inTime(t *testing.T, r *recorder, delays []time.Duration) {
	t.Helper()
	for n := 1; n < len(r.groups); n++ {
		media := r.groups[n].Time - r.groups[n-1].Time
		if wall := time.Duration(r.groups[n].Born-r.groups[n-1].Born) * time.Microsecond; wall > media+700*time.Millisecond {
			t.Errorf("group %d came %v after the one before, which lasts %v", n, wall, media)
		}
	}
	slices.Sort(delays)
	if len(delays) < 20 || delays[0] < 0 || delays[len(delays)-1] > 4*time.Second {
		t.Errorf("%d delays: %v", len(delays), delays)
		return
	}
	t.Logf("capture to birth p50 %v, max %v", delays[len(delays)/2], delays[len(delays)-1])
}

func TestLowLatencyHLSIsReadPartByPart(t *testing.T) {
	t.Parallel()
	s := server(t, tool.Options{Extra: "hlsVariant: lowLatency"})
	names := []string{"h264-bframes-aac", "av1-opus", "vp9-opus", "h265-aac"}
	for _, name := range names {
		rtsptest.Publish(t, s, name, name)
	}
	finish := map[string]func(*testing.T){}
	for _, name := range names {
		c, err := clip.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		r := newRecorder(t, 1500*time.Millisecond)
		end := begin(t, ingest.Config{Source: s.HLSURL(name)}, r)
		finish[name] = func(t *testing.T) {
			in, err := end()
			if err != nil {
				t.Fatal(err)
			}
			same(t, c, r)
			inTime(t, r, in.(ingest.Measurer).Measured())
		}
	}
	for _, name := range names {
		t.Run(name, finish[name])
	}
}
