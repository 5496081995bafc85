package schedulertest

import (
	"slices"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// copyBatch is a batch that shares nothing with b that could be changed.
func copyBatch(b *scheduler.Batch) *scheduler.Batch {
	c := *b
	c.Changes = slices.Clone(b.Changes)
	for i, change := range c.Changes {
		switch change := change.(type) {
		case scheduler.Candidates:
			change.Peers = slices.Clone(change.Peers)
			for j := range change.Peers {
				change.Peers[j].Addresses = slices.Clone(change.Peers[j].Addresses)
			}
			c.Changes[i] = change
		case scheduler.Held:
			change.Words = slices.Clone(change.Words)
			c.Changes[i] = change
		case scheduler.Holds:
			change.Words = slices.Clone(change.Words)
			c.Changes[i] = change
		case scheduler.Order:
			if p, ok := change.Action.(scheduler.Push); ok {
				p.To = slices.Clone(p.To)
				c.Changes[i] = scheduler.Order{Action: p}
			}
		}
	}
	return &c
}

// scribble overwrites all of a batch that a policy could have kept.
func scribble(b *scheduler.Batch) {
	for i, change := range b.Changes {
		switch change := change.(type) {
		case scheduler.Candidates:
			for j := range change.Peers {
				clear(change.Peers[j].Addresses)
				change.Peers[j] = swarm.Candidate{}
			}
		case scheduler.Held:
			clear(change.Words)
		case scheduler.Holds:
			clear(change.Words)
		case scheduler.Order:
			if p, ok := change.Action.(scheduler.Push); ok {
				clear(p.To)
			}
		}
		b.Changes[i] = scheduler.LinkDown{}
	}
}
