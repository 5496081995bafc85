package substream_test

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// away is a neighbour that is so many hops from the source in all substreams.
func away(up scheduler.LinkUp, hops int, spare uint64) scheduler.LinkUp {
	for k := range 8 {
		up.Status.Hops.Set(k, hops)
	}
	up.Status.Spare = spare
	return up
}

func TestAViewerThatFeedsManyKeepsThePlaceNearerToTheSourceThatItAskedFor(t *testing.T) {
	const near = 6
	ups := []scheduler.LinkUp{away(viewer(near, 0), 2, 0)} // it has no room, but may make some
	for _, up := range crowd() {
		ups = append(ups, away(up, 4, 2*seat))
	}
	l := begin(t, 40, ups...)
	var feeder swarm.LinkID
	for link, set := range l.asked { // order-free: one has it
		if set&1 != 0 {
			feeder = link
		}
	}
	l.room[near] = 1
	l.step()
	var children []scheduler.Change
	for link := swarm.LinkID(7); link < 10; link++ {
		children = append(children, away(viewer(link, 0), 6, 0), scheduler.Subscribed{Link: link, Substream: 0, Mode: swarm.Eager})
	}
	l.step(children...)
	flows := scheduler.SubstreamMeasured{Link: feeder, Substream: 0, Samples: 8, Lateness: 80 * time.Millisecond}
	for until := l.batch.Now + 3*time.Second; l.asked[near]&1 == 0; l.step(flows) {
		if l.batch.Now > until {
			t.Fatal("with three children it asks for no place nearer to the source")
		}
	}
	if l.given[near]&1 != 0 {
		t.Fatal("it gives the place up in the step in which it asks for it")
	}
	for until := l.batch.Now + 3*time.Second; l.given[feeder]&1 == 0; l.step(flows, scheduler.SubstreamMeasured{Link: near, Substream: 0, Samples: 8}) {
		if l.batch.Now > until {
			t.Fatal("it keeps the feeder farther from the source when the nearer one delivers")
		}
		if l.given[near]&1 != 0 {
			t.Fatal("it gives the nearer place up")
		}
	}
}
