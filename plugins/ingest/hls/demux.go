package hls

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"
)

// demux takes a piece apart and puts it on the timeline.
func (f *follower) demux(ctx context.Context, e entry, body []byte) ([]unit, error) {
	if e.breaks && f.step > 0 {
		if err := f.cross(ctx, body); err != nil {
			return nil, err
		}
	}
	if len(body) == 0 {
		return nil, nil
	}
	units, err := f.demuxer.units(body)
	if err != nil || len(units) == 0 {
		return nil, err
	}
	slices.SortStableFunc(units, func(a, b unit) int { return cmp.Compare(a.dts, b.dts) })
	first, last := units[0].dts, units[len(units)-1].dts
	if e.breaks && f.step > 0 {
		f.shift = f.last + f.step - first
	}
	for i := range units {
		u := &units[i]
		if !e.captured.IsZero() {
			u.captured = e.captured.Add(u.dts - first)
		}
		u.dts += f.shift
		u.pts += rescale(int64(f.shift), int64(time.Second), u.track.rate)
	}
	f.last, f.step = last+f.shift, max((last-first)/time.Duration(max(len(units)-1, 1)), time.Millisecond)
	return units, nil
}

// cross begins what comes behind a discontinuity. Its first piece is body.
func (f *follower) cross(ctx context.Context, body []byte) (err error) {
	if !f.alone {
		return fmt.Errorf("%w: a discontinuity in playlists that belong together", errChanged)
	}
	switch d := f.demuxer.(type) {
	case *fragments:
		if f.list.Map == nil || f.list.Map.URI == f.init {
			return nil
		}
		init, err := f.fetchInit(ctx)
		if err != nil {
			return err
		}
		f.demuxer, err = d.replaced(init)
		return err
	case *transport:
		if len(body) > 0 {
			f.demuxer, err = d.replaced(body)
		}
	}
	return err
}
