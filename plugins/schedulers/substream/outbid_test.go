package substream_test

import (
	"testing"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

func TestAViewerThatIsOutbidStaysUntilAnotherDelivers(t *testing.T) {
	l := begin(t, 4, crowd()...)
	var feeder swarm.LinkID
	for link, set := range l.asked { // order-free: one has it
		if set&1 != 0 {
			feeder = link
		}
	}
	for range 4 {
		l.step()
	}
	l.step(scheduler.Feeding{Link: feeder, Substream: 0, Mode: swarm.Eager, Reason: swarm.Outbid})
	if len(l.given) > 0 || l.asked[feeder] != 0 || union(l.asked) != 1 {
		t.Fatalf("when told it gives up %v and asks for %v, want another feeder of 0", l.given, l.asked)
	}
	var next swarm.LinkID
	for link := range l.asked { // order-free: there is one
		next = link
	}
	l.step()
	if len(l.given) > 0 {
		t.Errorf("before anything has come from %d it gives up %v", next, l.given)
	}
	l.step(scheduler.SubstreamMeasured{Link: next, Substream: 0, Samples: 8})
	if len(l.given) != 1 || l.given[feeder] != 1 {
		t.Errorf("when %d delivers it gives up %v, want 0 of %d", next, l.given, feeder)
	}
	l.step()
	if union(l.asked)&1 != 0 {
		t.Errorf("then it asks for %v", l.asked)
	}
}
