package seats_test

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// lacking is a neighbour that is fed in all but the first so many of the four substreams.
func lacking(up scheduler.LinkUp, n int) scheduler.LinkUp {
	up.Status.Hops = swarm.Hops{}
	for k := n; k < 4; k++ {
		up.Status.Hops.Set(k, 3)
	}
	return up
}

// contributor is a neighbour that has shown that it feeds others.
func contributor(link swarm.LinkID) scheduler.LinkUp {
	up := viewer(link)
	up.Status = swarm.Status{Uplink: 4 * seat}
	return up
}

// short makes a viewer with two seats where uplinks do not suffice for all: of its neighbours, 2 and 3 have the seats.
func short(t *testing.T, two, three scheduler.LinkUp, others ...scheduler.Change) *talk {
	k := begin(t, swarm.Viewer, 2)
	k.seats.Keep = 1
	k.tell(0, fed(1, 0b0011, 2, 2)...)
	k.tell(0, all([]scheduler.Change{two, three}, others, asks(2, 1), asks(3, 1))...)
	return k
}

func TestWhereUplinksAreShortWhoLacksLittleTakesTheSeatOfWhoLacksMuch(t *testing.T) {
	k := short(t, lacking(contributor(2), 4), lacking(contributor(3), 2), lacking(contributor(4), 1), lacking(contributor(5), 1), lacking(contributor(6), 2))
	k.expect("before they have been there for 4 s", k.tell(3999*ms, asks(4, 0)...), "refuse 4 0: no capacity")
	k.expect("one that lacks a single substream", k.tell(4*time.Second, asks(4, 0)...), "refuse 2 1: no capacity", "push 0 to 4")
	k.expect("where nobody lacks three more", k.tell(4*time.Second, asks(5, 0)...), "refuse 5 0: no capacity")
	k.expect("one that lacks as much as those who have seats", k.tell(4*time.Second, asks(6, 0)...), "refuse 6 0: no capacity")
}

func TestWhereUplinksAreShortThoseWhoContributeComeFirst(t *testing.T) {
	k := short(t, lacking(idle(2), 0), lacking(contributor(3), 4), lacking(contributor(4), 4), lacking(idle(5), 1))
	k.expect("one that gives nothing and lacks little", k.tell(4*time.Second, asks(5, 0)...), "refuse 5 0: no capacity")
	k.expect("one that contributes and lacks all", k.tell(4*time.Second, asks(4, 0)...), "refuse 2 1: no capacity", "push 0 to 4")
}

func TestWhereUplinksAreShortThoseWhoGiveNothingAreFedWhollyOrNotAtAll(t *testing.T) {
	k := short(t, lacking(idle(2), 4), lacking(idle(3), 2), lacking(idle(4), 1))
	k.expect("one that lacks little", k.tell(4*time.Second, asks(4, 0)...), "refuse 2 1: no capacity", "push 0 to 4")
}

func TestWhereUplinksAreShortABetterPlaceIsForRelays(t *testing.T) {
	feeds := contributor(5)
	feeds.Status.Relays = 0b1111
	k := short(t, lacking(idle(2), 2), lacking(idle(3), 3), lacking(contributor(4), 0), lacking(feeds, 0))
	k.expect("one that feeds nobody", k.tell(4*time.Second, asks(4, 0)...), "refuse 4 0: no capacity")
	k.expect("one that does", k.tell(4*time.Second, asks(5, 0)...), "refuse 3 1: outbid", "push 0 to 5*")
}

func TestWhereUplinksAreShortRoomIsToldThatWouldBeMadeForAContributor(t *testing.T) {
	k := short(t, lacking(idle(2), 2), lacking(contributor(3), 3))
	k.tell(3 * time.Second)
	k.open("before they have been there for 4 s", 0)
	k.tell(4 * time.Second)
	k.open("with a seat of one that gives nothing", 0b0011)
	k = short(t, lacking(contributor(2), 2), lacking(contributor(3), 3))
	k.tell(4 * time.Second)
	k.open("with none, and none of one that lacks all", 0)
}

func TestWhereTooMuchWasGrantedThoseWhoGiveNothingLoseTheirSeatsFirst(t *testing.T) {
	k := begin(t, swarm.Viewer, 4)
	k.seats.Keep = 1
	k.tell(0, fed(1, 0b0001, 2)...)
	k.tell(0, all([]scheduler.Change{idle(2), viewer(3), viewer(4)}, asks(2, 0))...)
	k.tell(time.Second, all(asks(3, 0), asks(4, 0))...)
	k.tell(2*time.Second, scheduler.Capacity{Cap: 2 * seat})
	k.seats.Shed()
	if got := names(k.desk.View.Pushes[0]); got != "3 4" {
		t.Errorf("it pushes to %s, want 3 4", got)
	}
}
