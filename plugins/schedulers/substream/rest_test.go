package substream_test

import (
	"math/bits"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// span is a time in which a viewer does without what it gave up.
type span struct {
	gave     uint64
	from, to time.Duration
}

// rests has a viewer live for a minute, with one child in substream 0, and finds when it gave up most of what it was fed. So many of
// the neighbours lack what is not open.
func rests(t *testing.T, seats uint64, neighbours, lack int, open uint64) (spans []span) {
	t.Helper()
	var ups []scheduler.LinkUp
	for i := range neighbours {
		up := viewer(swarm.LinkID(i+1), open)
		if i < lack {
			up.Status.Hops = swarm.Hops{}
			for k := range 8 {
				if open&(1<<k) != 0 {
					up.Status.Hops.Set(k, 2)
				}
			}
		}
		ups = append(ups, up)
	}
	l := begin(t, seats, ups...)
	l.step(scheduler.Subscribed{Link: 1, Substream: 0, Mode: swarm.Eager})
	if l.children != 1 && seats > 0 {
		t.Fatalf("it pushes %08b, want one substream", l.children)
	}
	gone := uint64(0)
	for ; l.batch.Now < time.Minute; l.step() {
		given, asked := union(l.given), union(l.asked)
		switch {
		case gone == 0 && bits.OnesCount64(given) > 2:
			gone = given
			spans = append(spans, span{gave: given, from: l.batch.Now})
		case gone != 0 && asked&gone != 0:
			gone, spans[len(spans)-1].to = 0, l.batch.Now
		case gone != 0 && asked != 0:
			t.Errorf("while it rests it asks for %08b", asked)
		}
	}
	return spans
}

func TestAViewerThatLacksSeveralSubstreamsForLongGivesUpWhatItDoesNotHandOn(t *testing.T) {
	spans := rests(t, 4, 8, 2, 0b00111111)
	if len(spans) < 2 {
		t.Fatalf("it rests %v, want two times", spans)
	}
	first, second := spans[0], spans[1]
	if first.gave != 0b00111110 {
		t.Errorf("it gives up %08b, want all that it is fed but 0, which it hands on", first.gave)
	}
	if rest := first.to - first.from; rest < 3*time.Second || rest > 4500*time.Millisecond+tick {
		t.Errorf("it rests for %v, want 3 s and up to half as much again", rest)
	}
	if rest := second.to - second.from; rest < 6*time.Second || rest > 9*time.Second+tick {
		t.Errorf("the second time it rests for %v, want 6 s and up to half as much again", rest)
	}
}

func TestThoseRestFirstWhoGiveLeast(t *testing.T) {
	for _, c := range []struct {
		seats uint64
		from  time.Duration // since it began
	}{{0, 9 * time.Second}, {4, 13 * time.Second}, {8, 17 * time.Second}, {16, 25 * time.Second}} {
		spans := rests(t, c.seats, 8, 2, 0b00111111)
		if len(spans) == 0 {
			t.Errorf("with an uplink of %d seats it never rests", c.seats)
			continue
		}
		if at := spans[0].from - time.Second; at < c.from-tick || at > c.from+time.Second {
			t.Errorf("with an uplink of %d seats it rests after %v, want about %v", c.seats, at, c.from)
		}
	}
}

func TestNobodyRestsThatLacksLittleOrHasFewNeighboursOrWhereOthersLackNothing(t *testing.T) {
	if spans := rests(t, 4, 8, 2, 0b01111111); len(spans) > 0 {
		t.Errorf("lacking one substream it rests %v", spans)
	}
	if spans := rests(t, 4, 7, 2, 0b00111111); len(spans) > 0 {
		t.Errorf("with seven neighbours it rests %v", spans)
	}
	if spans := rests(t, 4, 8, 1, 0b00111111); len(spans) > 0 {
		t.Errorf("where one neighbour alone lacks as much it rests %v", spans)
	}
}

func TestWhoRestsBeginsAgainAsSoonAsThereIsRoom(t *testing.T) {
	var ups []scheduler.LinkUp
	for i := range 8 {
		up := viewer(swarm.LinkID(i+1), 0b00111111)
		if i < 2 {
			up.Status.Hops = swarm.Hops{}
		}
		ups = append(ups, up)
	}
	l := begin(t, 4, ups...)
	for ; bits.OnesCount64(union(l.given)) <= 2; l.step() {
		if l.batch.Now > time.Minute {
			t.Fatal("it never rests")
		}
	}
	begun := l.batch.Now
	var open []scheduler.Change
	for _, up := range ups[2:] {
		up.Status.Open = 0xff
		open = append(open, scheduler.PeerStatus{Link: up.Link, Status: up.Status})
		l.room[up.Link] = 0xff
	}
	for l.step(open...); union(l.asked) == 0; l.step() {
		if l.batch.Now > begun+time.Second {
			t.Fatal("it rests a second later, though its neighbours have room")
		}
	}
}

func TestWhereUplinksDoNotSufficeAJoinerWaitsUntilItIsFed(t *testing.T) {
	for _, c := range []struct {
		lack int // neighbours
		want time.Duration
	}{{0, 5 * time.Second}, {2, time.Minute}} {
		var ups []scheduler.LinkUp
		for i := range 8 {
			up := viewer(swarm.LinkID(i+1), 0b00111111)
			if i < c.lack {
				up.Status.Hops = swarm.Hops{}
			}
			ups = append(ups, up)
		}
		l := begin(t, 4, ups...)
		for l.batch.Now < 6*time.Second {
			l.step()
		}
		if got := l.repair.Unfed; got != c.want {
			t.Errorf("where %d of eight neighbours lack substreams it waits %v, want %v", c.lack, got, c.want)
		}
	}
}
