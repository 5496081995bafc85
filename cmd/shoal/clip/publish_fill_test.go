//go:build unix

package clip_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/cmd/shoal/clip/cliptest"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp"
)

// gops is a sink that takes groups until it has some whole GOPs of 1 s.
type gops struct {
	whole   [][]chunk.Group
	current []chunk.Group
}

const enoughGOPs = 4

var errEnough = errors.New("enough")

func (g *gops) Tracks(ingest.Media) error { return nil }

func (g *gops) Group(group chunk.Group) error {
	// In the first second or two a source does not know yet where to place the sound.
	if group.RandomAccess && len(g.current) > 0 && g.current[0].Time > 1500*time.Millisecond {
		g.whole = append(g.whole, g.current)
	}
	if group.RandomAccess {
		g.current = nil
	}
	if g.current = append(g.current, group); len(g.whole) == enoughGOPs {
		return errEnough
	}
	return nil
}

func TestASourceCutsFilledClipsIntoGroupsOfTheSizeAskedFor(t *testing.T) {
	t.Parallel()
	s := startMediaMTX(t, tool.Options{Paths: "all_others:\n  useAbsoluteTimestamp: true"})
	for path, c := range map[string]struct {
		clip  string
		sizes []int // one second
	}{
		"trace":  {"h264-opus", []int{60_000, 11_000, 12_345, 13_001, 20_000, 30_000, 14_255, 14_256, 14_257, 50_000}},
		"800k":   {"h264-opus", repeated(10_000)},
		"2500k":  {"clock", repeated(31_250)},
		"10000k": {"clock", repeated(125_000)},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			publishing(t, s.RTSPURL(path), clip.Options{Name: c.clip, Fill: &clip.Fill{Span: 100 * time.Millisecond, Sizes: c.sizes}})
			if _, err := s.WaitReady(ctx, path); err != nil {
				t.Fatal(err)
			}
			recordings := make(chan *cliptest.Recording, 1)
			go func() {
				defer close(recordings)
				rec, err := cliptest.Receive(ctx, s.RTSPURL(path), 3*time.Second)
				if err != nil {
					t.Error(err)
					return
				}
				recordings <- rec
			}()
			checkGroups(t, readGOPs(ctx, t, s.RTSPURL(path)), c.sizes)
			if rec := <-recordings; rec != nil {
				check(t, rec, openClip(t, c.clip))
			}
		})
	}
	t.Cleanup(func() { checkLog(t, s) })
}

func repeated(size int) (second []int) {
	for range 10 {
		second = append(second, size)
	}
	return second
}

// readGOPs is the source.
func readGOPs(ctx context.Context, t *testing.T, url string) [][]chunk.Group {
	t.Helper()
	source, err := rtsp.New(ingest.Config{Source: url, Span: 100 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	var sink gops
	if err := source.Run(ctx, &sink); !errors.Is(err, errEnough) {
		t.Fatalf("the source has %d GOPs, and ends with %v", len(sink.whole), err)
	}
	return sink.whole
}

// checkGroups wants each group to have its size. A source that stalls may cut a group early, for its sound, and then has some more
// boxes in that GOP: the sum is then all that is wanted, but not of every GOP.
func checkGroups(t *testing.T, whole [][]chunk.Group, sizes []int) {
	t.Helper()
	want := 0
	for _, n := range sizes {
		want += n
	}
	sum, exact := 0, 0
	for _, gop := range whole {
		got := 0
		for i, g := range gop {
			got += len(g.Payload)
			if len(gop) != len(sizes) {
				continue
			}
			if off := len(g.Payload) - sizes[i]; off < -16 || off > 16 {
				t.Errorf("group %d of the GOP at %v has %d bytes, want %d", i, gop[0].Time, len(g.Payload), sizes[i])
			}
		}
		if len(gop) == len(sizes) {
			exact++
		}
		if ratio := float64(got) / float64(want); ratio < 0.97 || ratio > 1.03 {
			t.Errorf("the GOP at %v has %d bytes in %d groups, want %d", gop[0].Time, got, len(gop), want)
		}
		sum += got
	}
	if exact == 0 {
		t.Errorf("no GOP of %d has %d groups", len(whole), len(sizes))
	}
	t.Logf("asked for %d bits a second, got %d; %d of %d GOPs cut as asked for", want*8, sum*8/len(whole), exact, len(whole))
}
