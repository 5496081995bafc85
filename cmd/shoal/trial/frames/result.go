package frames

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
)

// ErrDiffers means that what was played out is not what the media server was given, beyond frames that are missing.
var ErrDiffers = errors.New("played out is not what was put in")

// Result is what a comparison found.
type Result struct {
	Tracks           []TrackResult `json:"tracks"` // of the input, in its order; then those that it has not
	InputUnreadable  uint64        `json:"input_unreadable"`
	OutputUnreadable uint64        `json:"output_unreadable"`
}

// TrackResult is what was found in one track. Counts are of frames.
type TrackResult struct {
	Kind       string `json:"kind"`     // "video" or "audio"
	Input      int    `json:"input"`    // recorded at the input
	Compared   int    `json:"compared"` // of the output, those that are not outside
	Equal      int    `json:"equal"`    // byte for byte, in order, once
	Missing    int    `json:"missing"`  // in the input between the first and the last of the output, not in the output
	Altered    int    `json:"altered"`  // at the time of one of the input, with other bytes
	Foreign    int    `json:"foreign"`  // nowhere in the input
	OutOfOrder int    `json:"out_of_order"`
	Duplicated int    `json:"duplicated"` // played out before
	Retimed    int    `json:"retimed"`    // of those equal, more than a millisecond from where most are
	Outside    int    `json:"outside"`    // of the output, at times at which the input was not recorded, or not any more
	Delay      Delay  `json:"delay_ms"`   // of those equal: complete at the input -> played out
	Examples   []Case `json:"examples"`   // of what differs, the first few
}

// Delay is a distribution, in milliseconds.
type Delay struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Case is one difference.
type Case struct {
	What string    `json:"what"`
	Time time.Time `json:"time"` // media time by the wall clock, roughly
	Size uint32    `json:"size"` // bytes, as played out; of one that is missing, as put in
}

// mostCases is how many differences of a track are told one by one.
const mostCases = 8

// note adds a case.
func (r *TrackResult) note(what string, f *Frame) {
	if len(r.Examples) < mostCases {
		r.Examples = append(r.Examples, Case{What: what, Time: time.Unix(0, f.Time).UTC(), Size: f.Size})
	}
}

// Err says what is wrong: ErrDiffers. nil means that every frame that was played out is one of the input, unaltered, in
// order, once, video at its time, and that some of every track were. Frames that are missing are no error.
func (r *Result) Err() error {
	if len(r.Tracks) == 0 {
		return fmt.Errorf("%w: nothing was put in", ErrDiffers)
	}
	var all []error
	for i := range r.Tracks {
		t := &r.Tracks[i]
		retimed := t.Retimed
		if t.Kind == chunk.Audio.String() {
			retimed = 0
		}
		switch {
		case t.Altered+t.Foreign+t.OutOfOrder+t.Duplicated+retimed > 0:
			all = append(all, fmt.Errorf("%w: track %d (%s): %d altered, %d foreign, %d out of order, %d duplicated, %d at another time, of %d",
				ErrDiffers, i+1, t.Kind, t.Altered, t.Foreign, t.OutOfOrder, t.Duplicated, retimed, t.Compared))
		case t.Compared == 0:
			all = append(all, fmt.Errorf("%w: track %d (%s): no frame was compared", ErrDiffers, i+1, t.Kind))
		}
	}
	if r.InputUnreadable+r.OutputUnreadable > 0 {
		all = append(all, fmt.Errorf("%w: %d packets of the input and %d groups of the output could not be read",
			ErrDiffers, r.InputUnreadable, r.OutputUnreadable))
	}
	return errors.Join(all...)
}

// distribution sorts delays, which are nanoseconds.
func distribution(delays []int64) Delay {
	if len(delays) == 0 {
		return Delay{}
	}
	slices.Sort(delays)
	at := func(permille int) float64 {
		return float64(delays[(len(delays)-1)*permille/1000]) / 1e6
	}
	return Delay{P50: at(500), P95: at(950), P99: at(990), Max: at(1000)}
}
