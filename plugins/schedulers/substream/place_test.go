package substream_test

import (
	"math/bits"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// crowd are four neighbours that have room in all substreams.
func crowd() []scheduler.LinkUp {
	return []scheduler.LinkUp{viewer(2, 0xff), viewer(3, 0xff), viewer(4, 0xff), viewer(5, 0xff)}
}

func TestAViewerAsksTheSourceForAsManySeatsAsItsUplinkCanUse(t *testing.T) {
	const open = 0b11110110
	for _, c := range []struct {
		seats uint64
		asks  int
	}{{8, 1}, {16, 2}, {30, 3}, {32, 4}, {200, 6}} { // eight others are fed for each
		l := begin(t, c.seats, append(crowd(), source(1, open))...)
		if got := l.asked[1]; got&^open != 0 || bits.OnesCount64(got) != c.asks {
			t.Errorf("with an uplink of %d seats it asks for %08b, want %d of %08b", c.seats, got, c.asks, open)
		}
		if others := union(l.asked); others != 0xff {
			t.Errorf("with an uplink of %d seats it asks for %08b in all", c.seats, others)
		}
	}
}

func TestAViewerAsksTheSourceForAnotherSeatInPlaceOfOneThatItWasRefused(t *testing.T) {
	l := begin(t, 24, append(crowd(), source(1, 0xff))...)
	first := l.asked[1]
	if bits.OnesCount64(first) != 3 {
		t.Fatalf("it asks for %08b, want three", first)
	}
	l.replies = nil
	refused := bits.TrailingZeros64(first)
	l.step(scheduler.Feeding{Link: 1, Substream: refused, Mode: swarm.None, Reason: swarm.NoCapacity})
	if got := l.asked[1]; got&first != 0 || bits.OnesCount64(got) != 1 {
		t.Errorf("after it was refused one of %08b it asks for %08b, want one other", first, got)
	}
}

func TestAViewerTakesNoSeatThatTheSourceDoesNotOffer(t *testing.T) {
	l := begin(t, 200, append(crowd(), source(1, 0))...)
	for until := l.batch.Now + 2*time.Second; l.batch.Now < until; l.step() {
		if l.asked[1] != 0 {
			t.Fatalf("it asks the source for %08b", l.asked[1])
		}
	}
	open := source(1, 0b100).Status
	l.step(scheduler.PeerStatus{Link: 1, Status: open})
	for range 2 {
		if l.asked[1] == 0b100 {
			return
		}
		l.step()
	}
	t.Error("it does not ask for the seat that is offered")
}
