package feed_test

import (
	"errors"
	"testing"
	"time"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/plugins/egress/feed"
	"github.com/shoal-live/shoal/plugins/egress/material"
)

func TestTrackerSaysWhatCanBeUsed(t *testing.T) {
	e := material.Epoch(t, "clock", 1, 3*time.Second)
	var tr feed.Tracker
	want := func(i int, use feed.Use) {
		t.Helper()
		if got, _, err := tr.Media(&e.Groups[i]); got != use || err != nil {
			t.Errorf("group %d: use %d, %v; want %d", i, got, err, use)
		}
	}
	next := 0 // the next random-access group
	for i := 20; next == 0; i++ {
		if e.Groups[i].RandomAccess {
			next = i
		}
	}
	want(0, feed.Nothing) // no epoch yet
	if err := tr.Begin(e.Descriptor); err != nil {
		t.Fatal(err)
	}
	want(1, feed.Nothing) // no place to begin yet
	want(0, feed.Whole)
	want(1, feed.Whole)
	tr.Gap()
	want(5, feed.AudioOnly)
	want(next, feed.Whole)
	bad := e.Groups[next+1]
	bad.Payload = bad.Payload[:len(bad.Payload)/2]
	if use, _, err := tr.Media(&bad); use != feed.Nothing || !errors.Is(err, chunk.ErrFormat) {
		t.Errorf("half a group: use %d, %v", use, err)
	}
	want(next+2, feed.AudioOnly) // a malformed group is a gap
	tr.Restart()
	want(next+3, feed.Nothing)
	broken := *e.Descriptor
	broken.Init = broken.Init[:50]
	if err := tr.Begin(&broken); !errors.Is(err, feed.ErrEpoch) {
		t.Errorf("an epoch with half an init segment: %v", err)
	}
	want(0, feed.Nothing)
}

func TestClockIsLinearWhateverTheJitter(t *testing.T) {
	var c feed.Clock
	start := time.Date(2025, 6, 1, 12, 0, 0, 0, time.UTC)
	group := func(at, late time.Duration) *chunk.GroupHeader {
		span := 50 * time.Millisecond
		return &chunk.GroupHeader{Time: at, Span: span, Born: start.Add(at + span + late).UnixMicro()}
	}
	c.Observe(group(0, 0))
	for _, late := range []time.Duration{30 * time.Millisecond, -20 * time.Millisecond, 400 * time.Millisecond} {
		c.Observe(group(time.Second, late))
		if got := c.At(time.Second); !got.Equal(start.Add(time.Second)) {
			t.Errorf("a birth that is %v late moved the clock by %v", late, got.Sub(start.Add(time.Second)))
		}
	}
	c.Observe(group(2*time.Second, time.Hour)) // the source's clock was set
	if got := c.At(2 * time.Second); !got.Equal(start.Add(time.Hour + 2*time.Second)) {
		t.Errorf("after the source's clock was set it is %v", got)
	}
}

func TestParamsAreRefusedByName(t *testing.T) {
	cfg := &egress.Config{Params: map[string]string{"a": "x"}}
	if err := feed.KnownParams(cfg, "b", "c"); err == nil || err.Error() != `bad egress configuration: no parameter "a" (have: b, c)` {
		t.Error(err)
	}
	if err := feed.KnownParams(cfg); err == nil || err.Error() != `bad egress configuration: no parameter "a" (have none)` {
		t.Error(err)
	}
	limits := feed.Limits{Default: time.Second, Least: time.Millisecond, Most: time.Minute}
	for text, want := range map[string]time.Duration{"": time.Second, "20ms": 20 * time.Millisecond, "1m": time.Minute} {
		cfg.Params["a"] = text
		if got, err := feed.DurationParam(cfg, "a", limits); got != want || err != nil {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"x", "1", "61s", "-1s", "1us"} {
		cfg.Params["a"] = text
		if _, err := feed.DurationParam(cfg, "a", limits); !errors.Is(err, egress.ErrConfig) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// FuzzWithoutVideo holds that what is left of any fragment that can be read is its audio, unchanged, and that nothing else
// is touched.
func FuzzWithoutVideo(f *testing.F) {
	e := material.Epoch(f, "clock", 1, time.Second)
	for _, g := range e.Groups[:5] {
		f.Add(g.Payload)
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		var tr feed.Tracker
		if err := tr.Begin(e.Descriptor); err != nil {
			t.Fatal(err)
		}
		_, samples, err := tr.Media(&chunk.Group{GroupHeader: chunk.GroupHeader{RandomAccess: true}, Payload: payload})
		if err != nil {
			return
		}
		var audio []cmaf.Sample
		for _, s := range samples {
			if tr.Unpackager().Init().Tracks[s.Track].Kind == chunk.Audio {
				audio = append(audio, s)
			}
		}
		rest := tr.WithoutVideo(payload)
		if len(rest) != len(payload) {
			t.Fatalf("%d bytes became %d", len(payload), len(rest))
		}
		left, err := tr.Unpackager().Parse(nil, rest)
		if err != nil {
			t.Fatalf("what is left cannot be read: %v", err)
		}
		if len(left) != len(audio) {
			t.Fatalf("%d samples are left, want the %d of sound", len(left), len(audio))
		}
		for i := range left {
			if left[i].PTS != audio[i].PTS || string(left[i].Payload) != string(audio[i].Payload) {
				t.Fatalf("sample %d was changed", i)
			}
		}
	})
}
