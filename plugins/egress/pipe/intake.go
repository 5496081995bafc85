package pipe

import (
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/plugins/egress/feed"
)

// intake turns items into pieces for the writer. It never blocks.
type intake struct {
	*pipe
	queue   chan<- []byte
	tracker feed.Tracker
	pending []byte // the init segment of an epoch that nothing was written of yet
}

func (in *intake) take(item egress.Item) {
	switch item := item.(type) {
	case egress.Begin:
		in.pending = nil
		if err := in.tracker.Begin(item.Descriptor); err != nil {
			in.log.Warn("pipe: passed over", "error", err)
			return
		}
		in.pending = item.Descriptor.Init
	case egress.Gap:
		in.tracker.Gap()
	case egress.Media:
		in.media(item)
	}
}

func (in *intake) media(m egress.Media) {
	use, _, err := in.tracker.Media(&m.Group)
	if err != nil {
		in.log.Warn("pipe: passed over", "error", err)
		return
	}
	payload := m.Group.Payload
	switch use {
	case feed.Nothing:
		return
	case feed.AudioOnly:
		payload = in.tracker.WithoutVideo(payload)
	case feed.Whole:
	}
	if in.pending != nil {
		if cap(in.queue)-len(in.queue) < 2 {
			in.tracker.Restart()
			return
		}
		in.queue <- in.pending
		in.pending = nil
	}
	select {
	case in.queue <- payload:
	default:
		in.log.Debug("pipe: nobody reads, a group is dropped", "group", m.Group.Group)
		in.tracker.Restart()
	}
}
