package hls

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gohlslib/v2/pkg/playlist"

	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/egress/egresstest"
	"github.com/shoal-live/shoal/plugins/egress/material"
)

// bench is a builder with its window, and every playlist that it gave.
type bench struct {
	builder
	t     *testing.T
	uris  map[int]string // of each media sequence number
	ccs   map[int]int    // discontinuity number of each
	first int            // the last playlist's
}

func newBench(t *testing.T) *bench {
	w := newWindow(shape{part: 200 * time.Millisecond, segmentMin: time.Second}, time.Now())
	return &bench{builder: builder{window: w, log: slog.New(slog.DiscardHandler)}, t: t, uris: map[int]string{}, ccs: map[int]int{}}
}

// feed gives groups and checks the playlist after each.
func (b *bench) feed(e egresstest.Epoch, from, to int) {
	b.t.Helper()
	for _, g := range e.Groups[from:to] {
		b.take(egress.Media{Group: g})
		b.list()
	}
}

// list is the media playlist as an independent parser reads it, nil before there is one. It fails the test when the
// playlist breaks a rule.
func (b *bench) list() *playlist.Media {
	b.t.Helper()
	b.window.mu.Lock()
	defer b.window.mu.Unlock()
	if !b.window.anything() {
		return nil
	}
	text := b.window.media()
	var m playlist.Media
	if err := m.Unmarshal([]byte(text)); err != nil {
		b.t.Fatalf("%v in\n%s", err, text)
	}
	if m.MediaSequence < b.first {
		b.t.Fatalf("the media sequence number went back from %d to %d", b.first, m.MediaSequence)
	}
	b.first = m.MediaSequence
	b.numbers(&m, text)
	for i, s := range m.Segments {
		n := m.MediaSequence + i
		if was, known := b.uris[n]; known && was != s.URI {
			b.t.Fatalf("media sequence number %d was %s and is %s", n, was, s.URI)
		}
		b.uris[n] = s.URI
		if s.Duration.Round(time.Second) > time.Duration(m.TargetDuration)*time.Second {
			b.t.Fatalf("a segment of %v with a target of %d s", s.Duration, m.TargetDuration)
		}
		b.parts(&m, s.Parts)
	}
	b.parts(&m, m.Parts)
	return &m
}

// numbers checks that no segment changes its discontinuity number, that which comes next included.
func (b *bench) numbers(m *playlist.Media, text string) {
	b.t.Helper()
	n, cc := m.MediaSequence, *m.DiscontinuitySequence
	for line := range strings.Lines(text + "next\n") {
		switch {
		case line == "#EXT-X-DISCONTINUITY\n":
			cc++
		case !strings.HasPrefix(line, "#"):
			if was, known := b.ccs[n]; known && was != cc {
				b.t.Fatalf("media sequence number %d had discontinuity number %d and has %d:\n%s", n, was, cc, text)
			}
			b.ccs[n] = cc
			n++
		}
	}
}

func (b *bench) parts(m *playlist.Media, parts []*playlist.MediaPart) {
	b.t.Helper()
	for i, p := range parts {
		if p.Duration > m.PartInf.PartTarget {
			b.t.Fatalf("a part of %v with a target of %v", p.Duration, m.PartInf.PartTarget)
		}
		if i < len(parts)-1 && p.Duration < m.PartInf.PartTarget*85/100 {
			b.t.Fatalf("a part of %v, which is not the last, with a target of %v: less than 85 %%", p.Duration, m.PartInf.PartTarget)
		}
	}
}

func TestPartsAreOfOneLengthAndSegmentsBeginWithKeyPictures(t *testing.T) {
	for _, name := range []string{"clock", "h264-bframes-aac", "h264-big-keys-aac", "vp9-opus"} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			e := material.Epoch(t, name, 1, 20*time.Second)
			b.take(egress.Begin{Descriptor: e.Descriptor})
			b.feed(e, 0, len(e.Groups))
			m := b.list()
			if len(m.Segments) < keepSegments || m.Segments[len(m.Segments)-1].Duration < 900*time.Millisecond {
				t.Errorf("%d segments, the last one of %v", len(m.Segments), m.Segments[len(m.Segments)-1].Duration)
			}
			for _, s := range m.Segments[len(m.Segments)-listedParts:] {
				if !s.Parts[0].Independent {
					t.Errorf("%s does not begin with a key picture", s.URI)
				}
			}
		})
	}
}

func TestAPlayerCanBeginBeforeALongGOPEnds(t *testing.T) {
	b := newBench(t)
	e := material.Epoch(t, "h264-long-gop-aac", 1, 10*time.Second)
	b.take(egress.Begin{Descriptor: e.Descriptor})
	b.feed(e, 0, 7)
	m := b.list()
	if m == nil || len(m.Parts) != 1 || !m.Parts[0].Independent {
		t.Fatalf("after 7 frames there is no part to begin with: %+v", m)
	}
	if len(m.Segments) != gapSegments || !m.Segments[0].Gap {
		t.Errorf("%d segments before the first, want %d gaps", len(m.Segments), gapSegments)
	}
}

func TestANewEpochIsADiscontinuityWithItsOwnInit(t *testing.T) {
	b := newBench(t)
	first, second := material.Epoch(t, "clock", 1, 3*time.Second), material.Epoch(t, "vp9-opus", 2, 3*time.Second)
	b.take(egress.Begin{Descriptor: first.Descriptor})
	b.feed(first, 0, 50)
	b.take(egress.Begin{Descriptor: second.Descriptor})
	b.feed(second, 0, 50)
	b.window.mu.Lock()
	text, master := b.window.media(), b.window.multivariant()
	b.window.mu.Unlock()
	before, after, found := strings.Cut(text, "#EXT-X-DISCONTINUITY\n")
	if !found || strings.Count(before, "#EXT-X-MAP") != 1 || strings.Count(after, "#EXT-X-MAP") != 1 {
		t.Errorf("want two init segments, one on each side of one discontinuity:\n%s", text)
	}
	if !strings.Contains(master, `CODECS="vp09`) {
		t.Errorf("the multivariant playlist says %s", master)
	}
	_, uri, _ := strings.Cut(after, `#EXT-X-MAP:URI="`)
	uri, _, _ = strings.Cut(uri, `"`)
	b.window.mu.Lock()
	f, _ := b.window.find(uri)
	b.window.mu.Unlock()
	if f == nil || string(f.data[0]) != string(second.Descriptor.Init) {
		t.Errorf("%s is not the second epoch's init segment", uri)
	}
}

func TestNumbersHoldWhereverAnEpochEnds(t *testing.T) {
	first, second := material.Epoch(t, "clock", 1, 10*time.Second), material.Epoch(t, "vp9-opus", 2, 10*time.Second)
	for at := 1; at < 70; at++ {
		b := newBench(t)
		for range 3 {
			b.take(egress.Begin{Descriptor: first.Descriptor})
			b.list()
			b.feed(first, 0, at)
			b.take(egress.Gap{From: first.Groups[at].Time, Resume: first.Groups[at+5].Time})
			b.list()
			b.feed(first, at+5, at+50)
			b.take(egress.Begin{Descriptor: second.Descriptor})
			b.list()
			b.feed(second, 0, 2*at)
		}
	}
}

func TestAfterAGapMediaGoesOnAtTheNextKeyPicture(t *testing.T) {
	b := newBench(t)
	e := material.Epoch(t, "clock", 1, 5*time.Second)
	b.take(egress.Begin{Descriptor: e.Descriptor})
	b.feed(e, 0, 40)
	b.take(egress.Gap{From: e.Groups[40].Time, Resume: e.Groups[45].Time})
	b.feed(e, 45, 100)
	var clip time.Time
	resumed := -1
	for i, g := range e.Groups {
		if i >= 45 && g.RandomAccess {
			resumed = i
			clip = time.UnixMicro(g.Born).Add(-g.Span)
			break
		}
	}
	m := b.list()
	for _, s := range m.Segments {
		if s.Discontinuity && s.DateTime.Sub(clip).Abs() < 20*time.Millisecond {
			return
		}
	}
	t.Errorf("no segment with a discontinuity begins with group %d at %v", resumed, clip)
}

func TestNumbersGoOnAfterARestart(t *testing.T) {
	now := time.Now()
	e := material.Epoch(t, "clock", 1, 20*time.Second)
	run := func(at time.Time) (first, last uint64) {
		b := newBench(t)
		b.window = newWindow(b.window.shape, at)
		b.take(egress.Begin{Descriptor: e.Descriptor})
		b.feed(e, 0, len(e.Groups))
		return b.window.segments[0].sequence, b.window.segments[len(b.window.segments)-1].sequence
	}
	_, last := run(now)
	if first, _ := run(now.Add(20 * time.Second)); first < last {
		t.Errorf("the sequence numbers begin with %d after a restart, they were at %d", first, last)
	}
}

func TestTheWindowIsBounded(t *testing.T) {
	b := newBench(t)
	e := material.Epoch(t, "clock", 1, 60*time.Second)
	b.take(egress.Begin{Descriptor: e.Descriptor})
	for _, g := range e.Groups {
		b.take(egress.Media{Group: g})
		if n := len(b.window.segments); n > keepSegments+1 {
			t.Fatalf("%d segments", n)
		}
		if n := len(b.window.gone); n > keepGone {
			t.Fatalf("%d segments that are not listed", n)
		}
	}
}

func TestAWaitForAPartEndsWithItAndNotBefore(t *testing.T) {
	b := newBench(t)
	e := material.Epoch(t, "clock", 1, 3*time.Second)
	b.take(egress.Begin{Descriptor: e.Descriptor})
	b.feed(e, 0, 6)
	sequence := b.window.segments[0].sequence
	got := make(chan error, 1)
	go func() {
		got <- b.window.until(t.Context(), 5*time.Second, func() (bool, error) { return b.window.has(sequence, 1) })
	}()
	b.feed(e, 6, 11)
	select {
	case err := <-got:
		t.Fatalf("the wait ended before the second part was complete: %v", err)
	default:
	}
	b.feed(e, 11, 12)
	if err := <-got; err != nil {
		t.Error(err)
	}
	err := b.window.until(t.Context(), 10*time.Millisecond, func() (bool, error) { return b.window.has(sequence, 2) })
	if !errors.Is(err, errLate) {
		t.Errorf("a wait in vain: %v", err)
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	err = b.window.until(ended, 5*time.Second, func() (bool, error) { return b.window.has(sequence+1, -1) })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("a wait of a player that has gone: %v", err)
	}
}

func BenchmarkGroup(b *testing.B) {
	e := material.Epoch(b, "clock", 1, 8*time.Second)
	w := newWindow(shape{part: 200 * time.Millisecond, segmentMin: time.Second}, time.Now())
	to := builder{window: w, log: slog.New(slog.DiscardHandler)}
	b.ReportAllocs()
	for b.Loop() {
		to.take(egress.Begin{Descriptor: e.Descriptor})
		for _, g := range e.Groups {
			to.take(egress.Media{Group: g})
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(e.Groups)), "ns/group")
}
