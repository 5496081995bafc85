package sdk_test

import (
	"fmt"
	"os"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/sdk"
)

// greedy links to everybody and asks everybody for everything.
type greedy struct{ substreams int }

func newGreedy(params map[string]string) (scheduler.Policy, error) {
	for name := range params { // order-free: any of them is wrong
		return nil, fmt.Errorf("%w: %s: there are no parameters", scheduler.ErrParameter, name)
	}
	return &greedy{}, nil
}

// Step answers one batch.
func (g *greedy) Step(b *scheduler.Batch) scheduler.Answer {
	a := scheduler.Answer{Revision: b.Revision}
	for _, c := range b.Changes {
		switch c := c.(type) {
		case scheduler.Stream:
			g.substreams = c.Substreams
		case scheduler.Candidates:
			for _, p := range c.Peers {
				a.Actions = append(a.Actions, scheduler.Connect{Peer: p.Peer})
			}
		case scheduler.LinkUp:
			a.Actions = append(a.Actions, scheduler.Subscribe{Link: c.Link, Substreams: 1<<g.substreams - 1, Mode: swarm.Eager})
		case scheduler.Subscribed:
			a.Actions = append(a.Actions, scheduler.Refuse{Link: c.Link, Substream: c.Substream, Reason: swarm.PolicyChoice})
		}
	}
	return a
}

// A whole policy plugin: this is its main.
func ExampleServe() {
	if err := sdk.Serve(sdk.Policy("greedy", newGreedy)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
