package frames_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/trial/frames"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/egress/egresstest"
	"github.com/shoal-live/shoal/plugins/egress/material"
)

func TestContract(t *testing.T) {
	var now atomic.Pointer[frames.Output]
	egresstest.Suite(t, egresstest.Harness{
		New:    func(egress.Config) (egress.Egress, error) { return now.Load().Egress(), nil },
		First:  material.Epoch(t, "h264-opus", 1, 5*time.Second),
		Second: material.Epoch(t, "vp9-opus", 2, 5*time.Second),
		Target: func(*testing.T) egresstest.Target {
			o := frames.NewOutput(time.Minute)
			now.Store(o)
			return egresstest.Target{Plays: func(_ []string, d *chunk.Descriptor) error {
				tick := time.NewTicker(10 * time.Millisecond)
				defer tick.Stop()
				for range 500 {
					r := o.Recording()
					if len(r.Tracks) == len(d.Tracks) && !slices.ContainsFunc(r.Tracks, func(k frames.Track) bool {
						return len(k.Frames) == 0 || k.Frames[len(k.Frames)-1].Epoch != d.Epoch
					}) {
						return nil
					}
					<-tick.C
				}
				return errors.New("frames of some track do not come")
			}}
		},
	})
}

// recorded is what an output has of groups.
func recorded(t *testing.T, keep time.Duration, items ...egress.Item) frames.Recording {
	t.Helper()
	feed := make(chan egress.Item, len(items))
	for _, i := range items {
		feed <- i
	}
	close(feed)
	o := frames.NewOutput(keep)
	e, err := o.Tap("frames").Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Run(context.Background(), feed, func([]string) {}); err != nil {
		t.Fatal(err)
	}
	return o.Recording()
}

// items are an epoch, as a node feeds it.
func items(e egresstest.Epoch) []egress.Item {
	list := []egress.Item{egress.Begin{Descriptor: e.Descriptor}}
	for _, g := range e.Groups {
		list = append(list, egress.Media{Group: g})
	}
	return list
}

func TestGroupsThatCannotBeReadAreCounted(t *testing.T) {
	e := material.Epoch(t, "h264-opus", 1, time.Second)
	e.Groups[3].Payload = e.Groups[3].Payload[:40]
	r := recorded(t, time.Minute, items(e)...)
	if r.Unreadable != 1 {
		t.Errorf("%d were unreadable, want 1", r.Unreadable)
	}
	if result := frames.Compare(&r, &r); !errors.Is(result.Err(), frames.ErrDiffers) {
		t.Error("it is not said")
	}
}

func TestARecorderForgetsTheOldest(t *testing.T) {
	e := material.Epoch(t, "h264-opus", 1, 5*time.Second)
	whole := recorded(t, time.Minute, items(e)...)
	r := recorded(t, 0, items(e)...)
	for i, k := range r.Tracks {
		if n := len(whole.Tracks[i].Frames); whole.Tracks[i].Forgotten != 0 || len(k.Frames)+int(k.Forgotten) != n || len(k.Frames) > n/2 {
			t.Errorf("%v: %d are held and %d forgotten, of %d", k.Kind, len(k.Frames), k.Forgotten, n)
		}
	}
}
