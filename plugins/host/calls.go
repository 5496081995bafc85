package host

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// called counts a call of the plugin that was answered, or given up: an instance opened, a policy's step, a dial, a health check.
func (at *place) called(began time.Time) {
	at.mu.Lock()
	defer at.mu.Unlock()
	at.calls.Add(time.Since(began).Microseconds())
}

// open measures how long an instance took to make.
func open[T any](l *lease, f func() (T, error)) (T, error) {
	began := time.Now()
	made, err := f()
	l.place.called(began)
	if err != nil {
		return made, l.fail(err)
	}
	return made, nil
}

// Step measures how long the answer took.
func (p *leasedPolicy) Step(b *scheduler.Batch) scheduler.Answer {
	defer p.lease.place.called(time.Now())
	return p.Policy.Step(b)
}

// Dial measures how long the answer took.
func (t *leasedTransport) Dial(peer swarm.PeerID, addresses []swarm.Address) error {
	defer t.lease.place.called(time.Now())
	return t.Transport.Dial(peer, addresses)
}
