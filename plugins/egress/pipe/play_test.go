package pipe_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/codecs/cmaf"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/plugins/egress/material"
	"github.com/shoal-live/shoal/plugins/egress/pipe"
)

const (
	most   = 40 * time.Millisecond // that audio and video may come apart
	window = 6 * time.Second
)

func TestEveryFrameIsPlayedOnceAlignedAndDecodes(t *testing.T) {
	for _, name := range []string{"clock", "h264-bframes-aac", "h265-aac", "av1-opus"} {
		t.Run(name, func(t *testing.T) {
			material.FFmpeg(t)
			r, w := io.Pipe()
			t.Cleanup(func() { _ = r.Close() })
			e, err := pipe.To(w, "player")(egress.Config{Stream: "cam1"})
			if err != nil {
				t.Fatal(err)
			}
			epoch := material.Epoch(t, name, 1, window)
			items := []egress.Item{egress.Begin{Descriptor: epoch.Descriptor}}
			for _, g := range epoch.Groups {
				items = append(items, egress.Media{Group: g})
			}
			feed := make(chan egress.Item)
			done := make(chan error, 1)
			go func() { done <- e.Run(t.Context(), feed, func([]string) {}) }()
			go func() {
				defer close(feed)
				slow(t, feed, items)
			}()
			p, err := material.FFplay(t.Context(), t, []string{"-f", "mp4", "-i", "pipe:0"}, window, r)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Check(t, name, most, 150); err != nil {
				t.Error(err)
			}
			if err := <-done; err != nil {
				t.Error(err)
			}
		})
	}
}

// slow gives items at some times their speed, so that the queue suffices.
func slow(t *testing.T, feed chan<- egress.Item, items []egress.Item) {
	tick := time.NewTicker(4 * time.Millisecond)
	defer tick.Stop()
	for _, item := range items {
		select {
		case feed <- item:
		case <-t.Context().Done():
			return
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			return
		}
	}
}

func TestAReaderThatEndsIsAnOutputErrorThatSaysSo(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	e, err := pipe.To(w, "stdout")(egress.Config{Stream: "cam1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	epoch := material.Epoch(t, "clock", 1, time.Second)
	feed := make(chan egress.Item, 2)
	feed <- egress.Begin{Descriptor: epoch.Descriptor}
	feed <- egress.Media{Group: epoch.Groups[0]}
	err = e.Run(t.Context(), feed, func([]string) {})
	if !errors.Is(err, egress.ErrOutput) || !strings.Contains(err.Error(), "stdout: nobody reads it any more") {
		t.Errorf("Run: %v", err)
	}
}

func TestAFileThatCannotBeMadeIsAnOutputErrorThatNamesIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "out.mp4")
	e, err := pipe.New(egress.Config{Stream: "cam1", Listen: path})
	if err != nil {
		t.Fatal(err)
	}
	err = e.Run(t.Context(), make(chan egress.Item), func([]string) { t.Error("ready") })
	if !errors.Is(err, egress.ErrOutput) || !strings.Contains(err.Error(), path) {
		t.Errorf("Run: %v", err)
	}
}

func TestPacingIsThePlayoutUnlessToldOtherwise(t *testing.T) {
	for word, want := range map[string]egress.Pacing{
		"": egress.AtPlayout, "playout": egress.AtPlayout, "complete": egress.AsComplete,
	} {
		e, err := pipe.New(egress.Config{Listen: "x", Params: map[string]string{"pacing": word}})
		if err != nil || e.Pacing() != want {
			t.Errorf("pacing %q: %v, %v", word, e.Pacing(), err)
		}
	}
}

func TestAfterAGapSoundGoesOnAndThePictureWaitsForAKeyFrame(t *testing.T) {
	material.FFmpeg(t)
	path := filepath.Join(t.TempDir(), "out.mp4")
	e, err := pipe.New(egress.Config{Stream: "cam1", Listen: path})
	if err != nil {
		t.Fatal(err)
	}
	epoch := material.Epoch(t, "clock", 1, 3*time.Second)
	const from, to = 40, 45 // groups lost; a key frame comes each second
	items := []egress.Item{egress.Begin{Descriptor: epoch.Descriptor}}
	want := 0
	for i, g := range epoch.Groups {
		if i < from || i >= to && decodable(epoch.Groups[to:i+1]) {
			want += pictures(t, epoch.Descriptor, g)
		}
		switch {
		case i == from:
			items = append(items, egress.Gap{From: g.Time, Resume: epoch.Groups[to].Time})
		case i < from || i >= to:
			items = append(items, egress.Media{Group: g})
		}
	}
	feed := make(chan egress.Item, len(items))
	for _, item := range items {
		feed <- item
	}
	close(feed)
	if err := e.Run(t.Context(), feed, func([]string) {}); err != nil {
		t.Fatal(err)
	}
	p, err := material.FFplay(t.Context(), t, []string{"-i", path}, 10*time.Second, nil)
	if err != nil {
		t.Fatal(err)
	}
	if p.Complaints != "" || len(p.Tracks) != 2 {
		t.Fatalf("%d tracks, complaints: %s", len(p.Tracks), p.Complaints)
	}
	if got := len(p.Tracks[0].Packets); got != want {
		t.Errorf("%d pictures, want %d: those before the gap and those from the next key frame on", got, want)
	}
	lost := 0
	for i, packet := range p.Tracks[1].Packets {
		if i > 0 && packet.PTS-p.Tracks[1].Packets[i-1].PTS > 30*time.Millisecond {
			lost++
		}
	}
	if lost != 1 || len(p.Tracks[1].Packets) < 120 {
		t.Errorf("%d packets of sound with %d holes, want about 140 with 1", len(p.Tracks[1].Packets), lost)
	}
}

// decodable reports whether groups have a place where decoding can begin.
func decodable(groups []chunk.Group) bool {
	return slices.ContainsFunc(groups, func(g chunk.Group) bool { return g.RandomAccess })
}

// pictures counts the samples of video in a group.
func pictures(t *testing.T, d *chunk.Descriptor, g chunk.Group) int {
	t.Helper()
	init, err := cmaf.ParseInit(d.Init)
	if err != nil {
		t.Fatal(err)
	}
	samples, err := cmaf.NewUnpackager(init).Parse(nil, g.Payload)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, s := range samples {
		if init.Tracks[s.Track].Kind == chunk.Video {
			n++
		}
	}
	return n
}
