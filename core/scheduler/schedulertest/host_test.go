package schedulertest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/scheduler/schedulertest"
	"github.com/shoal-live/shoal/core/swarm"
)

// stubborn answers every batch with the same actions.
type stubborn []scheduler.Action

func (s stubborn) Step(b *scheduler.Batch) scheduler.Answer {
	return scheduler.Answer{Revision: b.Revision, Actions: s}
}

func TestHostFindsWhatBreaksTheContract(t *testing.T) {
	for _, c := range []struct {
		name   string
		action scheduler.Action
		says   string
	}{
		{"a push to a link that never was", scheduler.Push{To: []scheduler.Target{{Link: 99, Class: scheduler.ClassLeaf}}}, "not up"},
		{"a push of a substream that does not exist", scheduler.Push{Substream: 16}, "substreams"},
		{"a push of a class that does not exist", scheduler.Push{To: []scheduler.Target{{Link: 1, Class: 9}}}, "class"},
		{"a push to one link twice", scheduler.Push{To: []scheduler.Target{{Link: 1, Class: 2}, {Link: 1, Class: 3}}}, "twice"},
		{"an announcement to nobody", scheduler.Announce{Link: 99}, "not up"},
		{"a subscription to nothing", scheduler.Subscribe{Link: 1, Mode: swarm.Eager}, "substreams"},
		{"a subscription in a mode that does not exist", scheduler.Subscribe{Link: 1, Substreams: 1, Mode: 7}, "modes"},
		{"a dial of a stranger", scheduler.Connect{Peer: swarm.PeerID{7}}, "introduced"},
		{"a repair beyond the rate", scheduler.Repair{Share: 2}, "limits"},
		{"a pull of nothing", scheduler.Pull{Link: 1}, "chunks"},
		{"a telling of too many substreams", scheduler.Tell{Relays: 1 << 16}, "substreams"},
		{"a negative watch", scheduler.Watch{Held: -1}, "negative"},
		{"no action at all", nil, "no action"},
	} {
		h := schedulertest.NewHost(stubborn{c.action}, swarm.Viewer, 1)
		h.Link("neighbour", swarm.Viewer)
		h.Turn()
		if len(h.Faults) != 1 || !strings.Contains(h.Faults[0], c.says) {
			t.Errorf("%s: faults %q, want one that says %q", c.name, h.Faults, c.says)
		}
	}
}

func TestHostFindsSubscriptionsThatNobodyAnswers(t *testing.T) {
	h := schedulertest.NewHost(stubborn{}, swarm.Viewer, 1)
	id := h.Link("neighbour", swarm.Viewer)
	h.Ask(id, 3, swarm.Eager)
	h.Pass(time.Second)
	if open := h.Unanswered(); len(open) != 1 || open[0].Substream != 3 {
		t.Errorf("unanswered %+v, want substream 3", open)
	}
	if missing := h.Unfed(); missing != 1<<16-1 {
		t.Errorf("unfed %b, want all 16", missing)
	}
}
