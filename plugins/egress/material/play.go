package material

import (
	"context"
	"time"

	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/egress/egresstest"
)

// Play feeds an epoch in real time, each group when its last sample would have been captured, until its end or that
// of ctx. It does not close feed.
func Play(ctx context.Context, feed chan<- egress.Item, e egresstest.Epoch) {
	PlayFrom(ctx, feed, e, 0)
}

// PlayFrom is Play, of an epoch that began head ago: what was before comes at once.
func PlayFrom(ctx context.Context, feed chan<- egress.Item, e egresstest.Epoch, head time.Duration) {
	start := time.Now().Add(-head)
	if !give(ctx, feed, egress.Begin{Descriptor: e.Descriptor}) {
		return
	}
	for _, g := range e.Groups {
		born := start.Add(g.Time + g.Span)
		timer := time.NewTimer(time.Until(born))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		g.Born = born.UnixMicro()
		if !give(ctx, feed, egress.Media{Group: g, Due: born}) {
			return
		}
	}
}

func give(ctx context.Context, feed chan<- egress.Item, item egress.Item) bool {
	select {
	case feed <- item:
		return true
	case <-ctx.Done():
		return false
	}
}
