package engine

import "time"

// When many leave at once without a word, what is pushed to them is lost to those whose feeders they were, until somebody
// notices. A feeder that falls silent is noticed soon, one that is only fed is not: it has little to say. So where several
// feeders have fallen silent shortly after one another, all neighbours that have not been heard for a while are asked for a
// sign of life at once, as long as others are heard: else it is this peer that is cut off.
const (
	alertWithin = 700 * time.Millisecond  // that two feeders fall silent of one another
	alertFor    = 1500 * time.Millisecond // after the last of them
	alertQuiet  = 200 * time.Millisecond  // of a neighbour, until it is asked meanwhile
	alertProbes = 1                       // unanswered, until its link is given up
)

// alert is what is known of feeders that fell silent.
type alert struct {
	last  *link // that fell silent
	at    time.Duration
	until time.Duration
}

// silent takes notice of a feeder that has fallen silent altogether.
func (a *alert) silent(l *link, now time.Duration) {
	if now-l.heard < alertQuiet {
		return // it is there, and cut off itself
	}
	if a.last != nil && a.last != l && now-a.at < alertWithin {
		a.until = now + alertFor
	}
	a.last, a.at = l, now
}

// endures is how long l may say nothing until it is asked for a sign of life, and how often in vain until its link is given up.
func (e *Engine) endures(l *link) (quiet time.Duration, probes uint8) {
	switch {
	case e.now < e.alert.until && e.hears():
		return alertQuiet, alertProbes
	case l.ours.eager != 0 || l.out.queued > 0 || l.theirs.answered != 0:
		return quietAfter, maxProbes
	}
	return quietIdle, maxProbes
}

// hears reports whether at least half of the neighbours have been heard lately.
func (e *Engine) hears() bool {
	heard, up := 0, 0
	for _, l := range e.links {
		if l.up {
			up++
			if e.now-l.heard < quietAfter {
				heard++
			}
		}
	}
	return 2*heard >= up
}
