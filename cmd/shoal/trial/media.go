package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/trial/frames"
)

// Media is how what viewers played out differs from what MediaMTX was given. Counts are of frames of all tracks and viewers that were
// compared, as [frames.TrackResult] has them.
type Media struct {
	Viewers    int           `json:"viewers"` // whose frames were compared
	Silent     int           `json:"silent"`  // that were to be, and played nothing in the time
	Input      int           `json:"input"`   // frames that MediaMTX was given
	Compared   int           `json:"compared"`
	Equal      int           `json:"equal"`
	Missing    int           `json:"missing"`
	Altered    int           `json:"altered"`
	Foreign    int           `json:"foreign"`
	Reordered  int           `json:"reordered"`  // out of order, or at another time in the video
	Duplicated int           `json:"duplicated"` // played out twice
	Outside    int           `json:"outside"`    // at times at which the input was not recorded
	Examples   []frames.Case `json:"examples,omitempty"`

	wrong error // of the viewers
}

// Err is ErrMedia with what is wrong at which viewer; nil when every frame that was compared is one of the input. Frames that are missing
// are no error.
func (m *Media) Err() error {
	if m.Viewers == 0 {
		return fmt.Errorf("%w: of %d viewers nobody played anything", ErrMedia, m.Silent)
	}
	return m.wrong
}

// compare adds what was found at one viewer.
func (m *Media) compare(viewer int, in, out *frames.Recording) {
	found := frames.Compare(in, out)
	compared := 0
	for i := range found.Tracks {
		compared += found.Tracks[i].Compared
	}
	if compared == 0 {
		m.Silent++
		return
	}
	m.Viewers++
	m.Input = 0
	for i := range found.Tracks {
		t := &found.Tracks[i]
		m.Input += t.Input
		m.Compared += t.Compared
		m.Equal += t.Equal
		m.Missing += t.Missing
		m.Altered += t.Altered
		m.Foreign += t.Foreign
		m.Reordered += t.OutOfOrder
		if t.Kind == "video" {
			m.Reordered += t.Retimed
		}
		m.Duplicated += t.Duplicated
		m.Outside += t.Outside
		m.Examples = append(m.Examples, t.Examples...)
	}
	const most = 16
	m.Examples = m.Examples[:min(len(m.Examples), most)]
	if err := found.Err(); err != nil {
		m.wrong = errors.Join(m.wrong, fmt.Errorf("%w: viewer %d: %w", ErrMedia, viewer, err))
	}
}

// kept is how long frames are kept: all of the trial, and what it takes to begin and to end.
func (t *trial) kept() time.Duration { return t.plan.sim.Duration + time.Minute }

// listen records what MediaMTX is given until ctx ends. The publisher may come again.
func (t *trial) listen(ctx context.Context, group *sync.WaitGroup) {
	t.input = frames.NewInput(t.media.RTSPURL(streamName), t.kept())
	group.Go(func() {
		for ctx.Err() == nil {
			if err := t.input.Run(ctx); err != nil {
				t.opts.Log.Warn("input", "error", err)
			}
			pause(ctx, time.Second)
		}
	})
}

// pause waits for d, or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// compare compares what the viewers played out with the input; nil when nobody was to be compared.
func (t *trial) compare(ctx context.Context) (*Media, error) {
	if t.input == nil {
		return nil, nil
	}
	var all []Recorded
	for _, h := range t.crew {
		var some []Recorded
		if err := h.call(ctx, "Recordings", Nothing(0), &some); err != nil {
			return nil, fmt.Errorf("trial: %w", err)
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b Recorded) int { return a.Viewer - b.Viewer })
	in := t.input.Recording()
	m := new(Media)
	for i := range all {
		m.compare(all[i].Viewer, &in, &all[i].Recording)
	}
	return m, nil
}
