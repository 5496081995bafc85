package engine

import "time"

// window is how many requests one link is worth: one more for each answer, half as many after one that did not
// come, so that a neighbour whose uplink is full is not asked for more than it can give.
type window struct {
	less float64       // than maxOutstanding
	last time.Duration // when it last shrank
}

const (
	windowFirst = 16
	windowLeast = 2
)

func newWindow() window { return window{less: maxOutstanding - windowFirst} }

func (w *window) size() int32 { return maxOutstanding - int32(w.less) }

func (w *window) grow() { w.less = max(w.less-1, 0) }

// shrink takes notice of a request given up; those made before the last time say nothing new.
func (w *window) shrink(now, until time.Duration) {
	if until-answerMost < w.last && w.last != 0 {
		return
	}
	w.last = now
	w.less = min(maxOutstanding-(maxOutstanding-w.less)/2, maxOutstanding-windowLeast)
}
