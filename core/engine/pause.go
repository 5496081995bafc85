package engine

import "github.com/shoal-live/shoal/core/swarm"

// A source that is killed leaves viewers who have all that they need but a source. Where its next epoch finds them as they were, it
// goes the ways that the one before went, and plays at once: so a policy is told that the stream pauses, lest it looks for feeders where
// there are none, and who carries on from one epoch to the next is no joiner.

// pauses tells the policy when the stream begins to pause, and when it goes on. Who has had nothing of it yet cannot tell: neighbours
// may take long to reach.
func (e *Engine) pauses() {
	f := &e.frontier
	if e.epoch == nil || e.cfg.Role == swarm.Source {
		return
	}
	paused := (f.begun || f.carries) && e.now-f.moved >= max(pausedAfter, 2*e.epoch.descriptor.GroupSpan)
	if paused != f.paused {
		f.paused, e.talk.stream = paused, true
	}
}

// carryOn lets the frontier of the epoch before go for that of one that begins.
func (e *Engine) carryOn() {
	f := &e.frontier
	carries := f.begun || f.carries
	f.reset(e.epoch.descriptor)
	f.carries, f.moved = carries, e.now
}
