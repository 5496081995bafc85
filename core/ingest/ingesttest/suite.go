package ingesttest

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
)

// Suite runs every clause of the contract as a subtest: one alone, which counts goroutines, then the others in parallel. By then
// t is parallel itself, so that those of several suites beside one another wait together.
func Suite(t *testing.T, h Harness) {
	t.Run("run leaves no goroutine behind", func(t *testing.T) { leavesNothing(t, &h) })
	t.Parallel()
	for _, c := range []struct {
		name string
		run  func(*testing.T, *Harness)
	}{
		{"tracks come first and groups in order", groupsInOrder},
		{"a group spans what was asked for", groupsSpan},
		{"the sink owns what it was given", sinkOwns},
		{"a wider span makes fewer groups", widerSpan},
		{"run returns nil when its context ends", endsWithContext},
		{"run returns nil when its context has ended before", endsBefore},
		{"run returns the error of its sink", sinkError},
		{"an absent source is ErrSource", absent},
		{"a source that ends is ErrSource", ending},
		{"a source that may not be read is ErrDenied", denied},
		{"a codec that cannot be carried is ErrCodec and named", codec},
		{"changed parameters bring tracks again and time from zero", changing},
		{"the delay from capture to born is measured once a group", measures},
		{"a bad config is ErrConfig", bad},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.run(t, &h)
		})
	}
}

// groups waits for n more groups and ends the ingest.
func groups(t *testing.T, h *Harness, cfg ingest.Config, n int) *sink {
	t.Helper()
	s := newSink(t)
	r := start(t, h, cfg, s)
	s.wait("a number of groups", func() bool { return len(s.kept) >= n })
	r.stop()
	if err := r.end(prompt); err != nil {
		t.Errorf("Run returned %v after its context ended", err)
	}
	return s
}

func groupsInOrder(t *testing.T, h *Harness) { // the sink checks
	if s := groups(t, h, h.Live(t), 40); len(s.media) != 1 {
		t.Errorf("Tracks came %d times from a source that does not change", len(s.media))
	}
}

func groupsSpan(t *testing.T, h *Harness) {
	s := groups(t, h, h.Live(t), 40)
	for i, k := range s.kept {
		if k.group.Span > 250*time.Millisecond {
			t.Errorf("group %d spans %v", i, k.group.Span)
		}
	}
	first, last := s.kept[5].group, s.kept[len(s.kept)-1].group
	mean := (last.Time - first.Time) / time.Duration(len(s.kept)-6)
	if mean < 10*time.Millisecond || mean > 110*time.Millisecond {
		t.Errorf("groups span %v in the mean, a frame to 100 ms were asked for", mean)
	}
	if wall := time.Duration(last.Born-first.Born) * time.Microsecond; wall > 2*(last.Time-first.Time)+time.Second {
		t.Errorf("%v of media took %v", last.Time-first.Time, wall)
	}
}

func sinkOwns(t *testing.T, h *Harness) {
	s := groups(t, h, h.Live(t), 40)
	for i, k := range s.kept {
		if sum(k.group.Payload) != k.sum {
			t.Errorf("group %d was changed after it was handed over", i)
		}
	}
}

func widerSpan(t *testing.T, h *Harness) {
	cfg := h.Live(t)
	count := func(span time.Duration) float64 {
		cfg.Span = span
		s := groups(t, h, cfg, 20)
		first, last := s.kept[4].group, s.kept[len(s.kept)-1].group
		return float64(len(s.kept)-5) / (last.Time - first.Time).Seconds()
	}
	if narrow, wide := count(20*time.Millisecond), count(200*time.Millisecond); wide > narrow*0.8 {
		t.Errorf("%.1f groups a second at 200 ms, %.1f at 20 ms", wide, narrow)
	}
}

func endsWithContext(t *testing.T, h *Harness) { groups(t, h, h.Live(t), 1) }

func endsBefore(t *testing.T, h *Harness) {
	i, err := h.New(h.Live(t))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if err := i.Run(ctx, newSink(t)); err != nil {
		t.Errorf("Run returned %v", err)
	}
}

func leavesNothing(t *testing.T, h *Harness) {
	cfg := h.Live(t)
	groups(t, h, cfg, 2)
	before := runtime.NumGoroutine()
	for range 2 {
		groups(t, h, cfg, 2)
	}
	deadline := time.Now().Add(patience)
	for runtime.NumGoroutine() > before+2 { // those of the source come and go
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before two runs", runtime.NumGoroutine(), before)
		}
		runtime.Gosched()
	}
}

func sinkError(t *testing.T, h *Harness) {
	s := newSink(t)
	s.fail = errors.New("the sink has ended")
	r := start(t, h, h.Live(t), s)
	if err := r.end(patience); !errors.Is(err, s.fail) {
		t.Errorf("Run returned %v", err)
	}
}

// fails runs cfg, which must end in want.
func fails(t *testing.T, h *Harness, cfg ingest.Config, want error) error {
	t.Helper()
	r := start(t, h, cfg, newSink(t))
	err := r.end(patience)
	if !errors.Is(err, want) {
		t.Errorf("Run returned %v, want %v", err, want)
	}
	return err
}

func absent(t *testing.T, h *Harness) {
	if err := fails(t, h, h.Absent(t), ingest.ErrSource); err != nil {
		t.Log(err)
	}
}

func ending(t *testing.T, h *Harness) {
	if h.Ending == nil {
		t.Skip("SKIPPED: the harness has no source that ends (Harness.Ending)")
	}
	cfg, end := h.Ending(t)
	s := newSink(t)
	r := start(t, h, cfg, s)
	s.wait("a group", func() bool { return len(s.kept) > 0 })
	end()
	if err := r.end(patience); !errors.Is(err, ingest.ErrSource) {
		t.Errorf("Run returned %v", err)
	}
}

func denied(t *testing.T, h *Harness) {
	if h.Denied == nil {
		t.Skip("SKIPPED: the harness has no source that denies (Harness.Denied)")
	}
	if err := fails(t, h, h.Denied(t), ingest.ErrDenied); err != nil {
		t.Log(err)
	}
}

func codec(t *testing.T, h *Harness) {
	if h.Unsupported == nil {
		t.Skip("SKIPPED: the harness has no source of another codec (Harness.Unsupported)")
	}
	cfg, name := h.Unsupported(t)
	err := fails(t, h, cfg, ingest.ErrCodec)
	if err != nil && (!strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "track")) {
		t.Errorf("the error names no track or not %s: %v", name, err)
	}
}

func changing(t *testing.T, h *Harness) {
	if h.Changing == nil {
		t.Skip("SKIPPED: the harness has no source that changes while it plays (Harness.Changing)")
	}
	cfg, change := h.Changing(t)
	s := newSink(t)
	r := start(t, h, cfg, s)
	s.wait("a number of groups", func() bool { return len(s.kept) > 20 })
	change()
	s.wait("Tracks again", func() bool { return len(s.media) == 2 && s.kept[len(s.kept)-1].epoch == 2 })
	r.stop()
	if err := r.end(prompt); err != nil {
		t.Errorf("Run returned %v", err)
	}
	if a, b := s.media[0].Tracks[0], s.media[1].Tracks[0]; a.Width == b.Width && a.Height == b.Height {
		t.Errorf("both epochs are %d x %d", a.Width, a.Height)
	}
}

func measures(t *testing.T, h *Harness) {
	if h.Stamped == nil {
		t.Skip("SKIPPED: the harness has no source that tells when its media was captured (Harness.Stamped)")
	}
	s := newSink(t)
	r := start(t, h, h.Stamped(t), s)
	m, ok := r.ingest.(ingest.Measurer)
	if !ok {
		t.Fatalf("%T does not measure", r.ingest)
	}
	var delays []time.Duration
	s.wait("a number of delays", func() bool {
		delays = append(delays, m.Measured()...)
		return len(delays) >= 20
	})
	r.stop()
	if err := r.end(prompt); err != nil {
		t.Errorf("Run returned %v", err)
	}
	if delays = append(delays, m.Measured()...); len(delays) > len(s.kept) {
		t.Errorf("%d delays of %d groups", len(delays), len(s.kept))
	}
	for _, d := range delays {
		if d < -skew || d > 3*time.Second { // a source may hold media back, as HLS does
			t.Errorf("from capture to born took %v", d)
		}
	}
}

func bad(t *testing.T, h *Harness) {
	for name, cfg := range h.Bad { // order-free: each is tried alone
		t.Run(name, func(t *testing.T) {
			if _, err := h.New(cfg); !errors.Is(err, ingest.ErrConfig) {
				t.Errorf("New returned %v", err)
			}
		})
	}
}
