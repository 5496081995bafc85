package trial

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/node"
)

// Played is the first group of an epoch that can be decoded, as a viewer was given it. Times are microseconds since 1970.
type Played struct {
	Epoch uint32
	Born  int64 // at the source
	At    int64 // when it was to be played
}

// mostEpochs bounds what is kept of one viewer; the oldest go, but for the first.
const mostEpochs = 64

// epochs keeps when a viewer begins to play each epoch.
type epochs struct {
	mu   sync.Mutex
	list []Played
}

// tap is the output of a node that e listens to.
func (e *epochs) tap() node.Output {
	return node.Output{Name: "epochs", Start: func(context.Context) (egress.Egress, error) { return &epochTap{e}, nil }}
}

func (e *epochs) played() []Played {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.list)
}

func (e *epochs) add(p Played) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if n := len(e.list); n > 0 && e.list[n-1].Epoch == p.Epoch {
		return
	}
	if len(e.list) == mostEpochs {
		e.list = slices.Delete(e.list, 1, 2)
	}
	e.list = append(e.list, p)
}

// epochTap is one life of the egress.
type epochTap struct{ *epochs }

// Pacing implements egress.Egress.
func (t *epochTap) Pacing() egress.Pacing { return egress.AtPlayout }

// Run implements egress.Egress.
func (t *epochTap) Run(ctx context.Context, feed <-chan egress.Item, ready func([]string)) error {
	ready(nil)
	egress.Each(ctx, feed, func(item egress.Item) {
		if m, media := item.(egress.Media); media && m.Group.RandomAccess {
			t.add(Played{Epoch: m.Group.Epoch, Born: m.Group.Born, At: time.Now().UnixMicro()})
		}
	})
	return nil
}
