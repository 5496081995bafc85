package desk

import (
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/scheduler"
)

// Desk is embedded in a policy. Its zero value is ready for Open.
type Desk struct {
	View  scheduler.View
	Now   time.Duration // of the batch
	Began time.Duration // when the last snapshot came

	actions []scheduler.Action
	short   bool // the bound on actions was met
}

const (
	// soon is when an answer that hit the bound on actions is continued.
	soon = 10 * time.Millisecond
	// room keeps the last actions of an answer free for orders to push, which come last.
	room = scheduler.MaxActions - 4*chunk.MaxSubstreams
)

// Open folds a batch in, and begins its answer. The policy forgets what it kept beside the view when b is a snapshot.
func (d *Desk) Open(b *scheduler.Batch) {
	if b.Snapshot {
		d.Began = b.Now
	}
	d.View.Apply(b)
	d.Now = b.Now
	d.actions, d.short = nil, false
}

// Described reports whether the stream is known; without it there is nothing to subscribe to.
func (d *Desk) Described() bool {
	return d.View.Stream.Substreams >= 1 && d.View.Stream.Substreams <= chunk.MaxSubstreams
}

// Do adds one action to the answer and to the view. It reports whether there was room; when there was not, the answer
// asks to be continued soon.
func (d *Desk) Do(a scheduler.Action) bool {
	if len(d.actions) >= scheduler.MaxActions {
		d.short = true
		return false
	}
	if _, order := a.(scheduler.Push); !order && len(d.actions) >= room {
		d.short = true
		return false
	}
	d.actions = append(d.actions, a)
	d.View.Did(d.actions[len(d.actions)-1:])
	return true
}

// Answer ends the answer to the batch that was opened. wake is when a batch is wanted at the latest.
func (d *Desk) Answer(wake time.Duration) scheduler.Answer {
	if d.short {
		wake = d.Now + soon
	}
	return scheduler.Answer{Revision: d.View.Revision, Actions: d.actions, WakeAt: wake}
}
