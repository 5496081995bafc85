package scheduler

import "time"

// Bounds of the conversation.
const (
	MaxChanges = 8192                   // changes that wait for a policy before a snapshot replaces them
	MaxActions = 4096                   // actions of one answer; those beyond are refused
	Patience   = 100 * time.Millisecond // without an answer, until the fallback takes over
	Probation  = 5 * time.Second        // of health, until the policy returns
)

// Policy answers batches for one peer on one stream. The host calls Step from one goroutine at a time, in the
// order of revisions. b and what it holds belong to the host and are valid until Step returns; the answer
// belongs to the host from then on. Step must not block on anything but its own computation.
type Policy interface {
	Step(b *Batch) Answer
}

// Factory makes a policy for one stream of one peer. params are the policy's own, from the config, by name.
// Errors: wraps ErrParameter and names the parameter.
type Factory func(params map[string]string) (Policy, error)

// Batch is what changed since the batch before.
type Batch struct {
	Revision uint64        // counts up from 1
	Now      time.Duration // when the batch was made
	Snapshot bool          // forget what was known: Changes describe the whole state
	Changes  []Change
}

// Answer is what the policy wants done.
type Answer struct {
	Revision uint64        // of the batch that was seen
	Actions  []Action      // carried out in order
	WakeAt   time.Duration // when a batch is wanted at the latest; 0 for none
}
