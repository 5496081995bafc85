package substream_test

import (
	"math/bits"
	"testing"
	"time"

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

func TestAFeederThatFellSilentWithAllOthersIsLeftOnceOthersPushAgain(t *testing.T) {
	l := begin(t, 4, viewer(1, 0b00001111), viewer(2, 0b11110000))
	feeders := make(map[int]swarm.LinkID)
	var silence []scheduler.Change
	for link, set := range l.asked { // order-free: each has its own
		for ; set != 0; set &= set - 1 {
			feeders[bits.TrailingZeros64(set)] = link
		}
	}
	l.step()
	for k := range 8 {
		silence = append(silence, scheduler.Silent{Link: feeders[k], Substream: k, For: 300 * time.Millisecond})
	}
	if l.step(silence...); len(l.given) > 0 {
		t.Fatalf("when all are silent it gives up %v", l.given)
	}
	if l.step(); len(l.given) > 0 {
		t.Fatalf("while all are silent it gives up %v", l.given)
	}
	l.step(scheduler.Feeding{Link: feeders[3], Substream: 3, Mode: swarm.Eager})
	if union(l.given) != 0b11110111 {
		t.Errorf("when 3 is pushed again it gives up %v, want all others", l.given)
	}
}

func TestOneThatClaimsRoomAndSendsNothingIsAskedForNothingAndAgainLater(t *testing.T) {
	one, two := viewer(1, 0b11111110), viewer(2, 0b11111110)
	one.Status.Hops.Set(0, 0)
	two.Status.Hops.Set(0, 0)
	l := begin(t, 4, one, two)
	for range 4 {
		l.step()
	}
	l.step(viewer(3, 0b11111111))
	l.replies = nil // it neither pushes nor refuses
	if l.asked[3] != 1 {
		t.Fatalf("it asks the only one with room in 0 for %08b", l.asked[3])
	}
	l.step(scheduler.Silent{Link: 3, Substream: 0, For: 600 * time.Millisecond})
	from := l.batch.Now
	for l.asked[3] == 0 && l.batch.Now < from+time.Minute {
		l.step()
	}
	if after := l.batch.Now - from; after < 20*time.Second || after > 21*time.Second {
		t.Errorf("it asks again after %v, want 20 s", after)
	}
}

// TestAViewerThatFeedsOthersMayGoOneHopFartherWhenItIsOutbid: those at its own distance are few near the source.
func TestAViewerThatFeedsOthersMayGoOneHopFartherWhenItIsOutbid(t *testing.T) {
	for hops, asks := range map[int]bool{4: true, 5: false} {
		near := away(viewer(2, 0xff), 2, 20*seat)
		ups := []scheduler.LinkUp{near}
		for link := swarm.LinkID(3); link < 6; link++ {
			ups = append(ups, away(viewer(link, 0xff), hops, 20*seat))
		}
		l := begin(t, 40, ups...)
		l.step(away(viewer(9, 0), 0, 0), scheduler.Subscribed{Link: 9, Substream: 0, Mode: swarm.Eager})
		for until := l.batch.Now + 3*time.Second; l.batch.Now < until; l.step() {
			if union(l.asked)&1 != 0 {
				t.Fatalf("%d hops: fed by the nearest of all it asks for %v", hops, l.asked)
			}
		}
		l.step(scheduler.Feeding{Link: 2, Substream: 0, Mode: swarm.Eager, Reason: swarm.Outbid})
		if got := union(l.asked)&1 == 1; got != asks {
			t.Errorf("%d hops from the source, itself at 3: when it is outbid it asks for %v", hops, l.asked)
		}
	}
}
