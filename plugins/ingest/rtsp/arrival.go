package rtsp

import (
	"slices"
	"time"
)

// arrival stands in for the reports of a server that stamps units when it gets them, and tells so once in a while:
// it works out when units of the lead are decoded, and when by the wall clock that was.
//
// Decoding times are those of presentation, sorted, put back by the depth to which the encoder reorders: the largest number
// of pictures with a later time that came before one. A sender sends in decoding order and in real time, and the unit that was held up
// least shows the distance from the wall clock: the least of (arrival - decoding time) over the last 5 to 10 seconds.
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

// add takes a unit that arrived at now. dts is when it is decoded; deeper tells that the answers before were wrong.
// captured is when it was sent, as far as is known; zero in the first moments.
func (a *arrival) add(pts int64, now time.Time) (dts int64, deeper bool, captured time.Time) {
	if a.zero.IsZero() {
		a.zero, a.first, a.epoch = now, now, now
	}
	dts, deeper = a.decode(pts)
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
		return dts, deeper, time.Time{}
	}
	least := a.least[0]
	if a.filled[1] {
		least = min(least, a.least[1])
	}
	return dts, deeper, a.zero.Add(least + due)
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
