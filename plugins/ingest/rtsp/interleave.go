package rtsp

import (
	"slices"
	"time"
)

// interleave learns the distance of a track's time from the lead's by the order in which their units come.
//
// A sender works in decoding order: a frame of sound comes after the last picture that is due before it and
// before the first that is due after it. Each frame so gives the distance a lower and an upper bound. Of the last bounds, the tenth
// that are strictest are left out, since now and then a unit is overtaken, and the distance is in the middle of what
// is left. No clock is involved: a sender that catches up in a burst, or a machine that stalls, changes nothing.
type interleave struct {
	lower, upper []time.Duration // newest last, at most maxBounds; of the lead's time less the track's
	pending      []time.Duration // frames since the last picture, at most maxBounds: no upper bound yet
	lead         time.Duration   // decoding time of the last picture
	led          bool
}

const (
	maxBounds = 256 // the newest: 5 s of sound
	minBounds = 3   // for a first answer
)

// reset forgets everything: the lead's times so far were wrong.
func (x *interleave) reset() { *x = interleave{} }

// picture takes the decoding time of the lead's next unit.
func (x *interleave) picture(at time.Duration) {
	x.lead, x.led = at, true
	for _, f := range x.pending {
		x.upper = keep(x.upper, at-f)
	}
	x.pending = x.pending[:0]
}

// frame takes the time of the track's next unit.
func (x *interleave) frame(at time.Duration) {
	if x.led {
		x.lower = keep(x.lower, x.lead-at)
		x.pending = keep(x.pending, at)
	}
}

// distance is what has to be added to the track's time to give the lead's. false: too little was seen.
func (x *interleave) distance() (time.Duration, bool) {
	if len(x.lower) < minBounds || len(x.upper) < minBounds {
		return 0, false
	}
	low, high := slices.Clone(x.lower), slices.Clone(x.upper)
	slices.Sort(low)
	slices.Sort(high)
	return (low[len(low)-1-len(low)/10] + high[len(high)/10]) / 2, true
}

// keep appends v, oldest out first.
func keep(kept []time.Duration, v time.Duration) []time.Duration {
	if len(kept) == maxBounds {
		kept = append(kept[:0], kept[1:]...)
	}
	return append(kept, v)
}
