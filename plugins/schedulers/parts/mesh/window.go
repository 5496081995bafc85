package mesh

import (
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// window is how many requests one neighbour is worth at once. Answers that come without a wait widen it, answers that
// waited make it a fifth smaller, and one that does not come halves it: where a neighbour's queue is long, whoever asks
// it for less gets its answer sooner from those that have got the chunk meanwhile.
type window struct {
	open  int     // requests outstanding
	ready bool    // it is asked this turn
	most  float64 // that there may be
	last  time.Duration
	pause time.Duration // until when it is not asked: not one answer has come since it shrank to the least
	tired int           // times in a row
	wait  time.Duration // mean of what an answer waited beyond the round trip
	heard time.Duration // when that was measured
}

const (
	windowFirst = 4
	windowLeast = 1
	waitSoon    = 80 * time.Millisecond  // that an answer takes beyond the round trip where hardly anything waits
	windowMost  = 64                     // what the engine lets outstand at one link
	halfLife    = 500 * time.Millisecond // of what was measured of a neighbour that is not asked
	answerLeast = 100 * time.Millisecond
	answerMost  = 450 * time.Millisecond
	shrinkEvery = 200 * time.Millisecond
	pauseFirst  = 100 * time.Millisecond
	pauseTimes  = 3 // that it is doubled
)

func (p *Puller) window(id swarm.LinkID) *window {
	w := p.windows[id]
	if w == nil {
		w = &window{most: windowFirst}
		p.windows[id] = w
	}
	return w
}

// close takes one request off those outstanding.
func (p *Puller) close(id swarm.LinkID) *window {
	w := p.window(id)
	w.open = max(w.open-1, 0)
	return w
}

// turn decides whether the neighbour is asked this turn: once half of its window is free, so that a message carries several
// requests. Messages of one request each cost more than announcements.
func (w *window) turn(now time.Duration) {
	w.ready = now >= w.pause && 2*w.open <= int(w.most)
}

// takes reports whether the neighbour is asked for one more.
func (w *window) takes() bool { return w.ready && w.open < int(w.most) }

// queue is how long an answer is expected to wait at the neighbour: what it lately did, the less the longer ago.
func (w *window) queue(now time.Duration) time.Duration {
	return w.wait >> min((now-w.heard)/halfLife, 16)
}

// patience is how long beyond the round trip an answer is waited for: a few times as long as they lately took, and no
// longer than the engine there keeps one.
func (w *window) patience(now time.Duration) time.Duration {
	return min(answerLeast+3*w.queue(now), answerMost)
}

// answered takes notice of an answer that has waited for so long: a short wait makes room for more requests, a long one
// makes the queue there shorter.
func (w *window) answered(now, wait time.Duration) {
	w.waited(now, wait)
	w.tired = 0
	if wait < waitSoon {
		w.most = min(w.most+1/w.most, windowMost)
	} else if now >= w.last+shrinkEvery {
		w.last = now
		w.most = max(w.most*0.8, windowLeast)
	}
}

func (w *window) waited(now, wait time.Duration) {
	was := w.queue(now)
	w.wait, w.heard = was+(max(wait, 0)-was)/4, now
}

// shrink takes notice of a request without an answer after so long. Those made together say it once.
func (w *window) shrink(now, wait time.Duration) {
	w.waited(now, wait)
	if w.last != 0 && now < w.last+shrinkEvery {
		return
	}
	w.last = now
	if w.most <= windowLeast {
		w.pause = now + pauseFirst<<w.tired
		w.tired = min(w.tired+1, pauseTimes)
		return
	}
	w.most = max(w.most/2, windowLeast)
}
