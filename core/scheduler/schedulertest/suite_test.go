package schedulertest_test

import (
	"fmt"
	"testing"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/scheduler/schedulertest"
	"github.com/shoal-live/shoal/core/swarm"
)

// plain is the least policy that keeps the contract: it grants every subscription, and asks every source for all.
type plain struct{ view scheduler.View }

func newPlain(params map[string]string) (scheduler.Policy, error) {
	// order-free: any unknown parameter will do for the error.
	for name := range params {
		return nil, fmt.Errorf("policy plain: %w: no parameter %q (have none)", scheduler.ErrParameter, name)
	}
	return new(plain), nil
}

func (p *plain) Step(b *scheduler.Batch) scheduler.Answer {
	p.view.Apply(b)
	var actions []scheduler.Action
	do := func(a scheduler.Action) {
		if len(actions) < scheduler.MaxActions {
			actions = append(actions, a)
			p.view.Did(actions[len(actions)-1:])
		}
	}
	if b.Snapshot {
		for _, k := range p.view.Known {
			do(scheduler.Connect{Peer: k.Peer})
		}
	}
	for _, c := range b.Changes {
		switch c := c.(type) {
		case scheduler.LinkUp:
			if c.Role == swarm.Source && p.view.Link(c.Link) != nil && p.view.All() != 0 {
				do(scheduler.Subscribe{Link: c.Link, Substreams: p.view.All(), Mode: swarm.Eager})
			}
		case scheduler.Subscribed:
			if l := p.view.Link(c.Link); l != nil && c.Substream >= 0 && c.Substream < len(p.view.Pushes) {
				to := append([]scheduler.Target(nil), p.view.Pushes[c.Substream]...)
				if !contains(to, c.Link) {
					do(scheduler.Push{Substream: c.Substream, To: append(to, scheduler.Target{Link: c.Link, Class: scheduler.ClassLeaf})})
				}
			}
		}
	}
	return scheduler.Answer{Revision: b.Revision, Actions: actions}
}

func contains(to []scheduler.Target, id swarm.LinkID) bool {
	for _, t := range to {
		if t.Link == id {
			return true
		}
	}
	return false
}

func TestThePlainestPolicyKeepsTheContract(t *testing.T) {
	schedulertest.Suite(t, newPlain)
}
