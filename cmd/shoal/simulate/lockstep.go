package simulate

import (
	"fmt"

	"github.com/shoal-live/shoal/core/scheduler"
)

// Process is one instance of a policy in a process. Step waits for its answer; what fails shows in Err.
type Process interface {
	scheduler.Policy
	Err() error // why it is dead; nil while it lives
	Close()     // returns when it has ended
}

// Starter makes an instance in a process. Errors: of the host; scheduler.ErrParameter.
type Starter func(params map[string]string) (Process, error)

// lockstep keeps the instances of one run. It is for one goroutine.
type lockstep struct {
	start Starter
	all   []Process
	err   error // the first failure
}

// factory makes the policy of one simulated peer.
func (l *lockstep) factory(params map[string]string) (scheduler.Policy, error) {
	p, err := l.start(params)
	if err != nil {
		return nil, err
	}
	l.all = append(l.all, p)
	return &watched{p, l}, nil
}

// failed is why the run proves nothing; nil while all is well. Errors: ErrPolicy.
func (l *lockstep) failed() error { return l.err }

// close ends all instances.
func (l *lockstep) close() {
	for _, p := range l.all {
		p.Close()
	}
}

// watched notices that its process has failed: a simulator would take that for a policy that wants nothing.
type watched struct {
	process Process
	run     *lockstep
}

// Step asks the process.
func (w *watched) Step(b *scheduler.Batch) scheduler.Answer {
	a := w.process.Step(b)
	if err := w.process.Err(); err != nil && w.run.err == nil {
		w.run.err = fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	return a
}
