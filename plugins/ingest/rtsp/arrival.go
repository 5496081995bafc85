package rtsp

import (
	"slices"
	"time"
)

// arrival learns from the moments at which units arrive when their track was captured, for a server whose reports say no more
// than that, and say it late.
//
// A sender works in decoding order and in real time: of two tracks, units that are due for decoding at once are
// sent at once, and the unit that was held up least shows the distance of the track's time from the wall clock. So
// it is the least of (arrival - decoding time) over the last 5 to 10 seconds. Presentation time will not do: a picture
// that others refer to is sent before them and presented after them, by 100 ms and more.
//
// Decoding times are those of presentation, sorted, put back by the depth to which the encoder reorders: the largest number
// of pictures with a later time that came before one.
type arrival struct {
	scale   int64
	depth   int
	largest []int64 // newest presentation times, latest first, at most maxDepth+1
	first   time.Time
	epoch   time.Time        // when the bucket began
	least   [2]time.Duration // of this bucket and the one before; the wall clock counts from zero
	filled  [2]bool
	zero    time.Time // set at the first unit
}

const (
	maxDepth = 16                     // pictures, as H.264 and H.265 allow at most
	bucket   = 5 * time.Second        // half of the window of the least
	enough   = 250 * time.Millisecond // of observation, before anything is said
)

// add takes a unit that arrived at now. captured is when it was decoded by the sender's clock, as far as is known; zero in
// the first moments.
func (a *arrival) add(pts int64, now time.Time) (captured time.Time) {
	if a.zero.IsZero() {
		a.zero, a.first, a.epoch = now, now, now
	}
	dts, deeper := a.decode(pts)
	if deeper {
		a.first, a.epoch, a.filled = now, now, [2]bool{}
	}
	if now.Sub(a.epoch) >= bucket {
		a.least[1], a.filled[1] = a.least[0], a.filled[0]
		a.epoch, a.filled[0] = now, false
	}
	due := duration(dts, a.scale)
	offset := now.Sub(a.zero) - due
	if !a.filled[0] || offset < a.least[0] {
		a.least[0], a.filled[0] = offset, true
	}
	if now.Sub(a.first) < enough {
		return time.Time{}
	}
	return a.wall(dts)
}

// wall is when a unit with the time t was sent, had nothing held it up.
func (a *arrival) wall(t int64) time.Time {
	offset := a.least[0]
	if a.filled[1] {
		offset = min(offset, a.least[1])
	}
	return a.zero.Add(offset + duration(t, a.scale))
}

// decode is the decoding time of the next unit. deeper tells that those before were wrong: the encoder reorders more.
func (a *arrival) decode(pts int64) (dts int64, deeper bool) {
	if len(a.largest) > 0 && pts < a.largest[0]-10*a.scale { // the source has begun anew
		a.largest, a.depth, deeper = a.largest[:0], 0, true
	}
	later := 0
	for later < len(a.largest) && a.largest[later] > pts {
		later++
	}
	a.largest = slices.Insert(a.largest, later, pts)
	if len(a.largest) > maxDepth+1 {
		a.largest = a.largest[:maxDepth+1]
	}
	if later = min(later, maxDepth); later > a.depth {
		a.depth, deeper = later, true
	}
	return a.largest[min(a.depth, len(a.largest)-1)], deeper
}
