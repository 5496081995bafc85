package seats_test

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

func TestARelayTakesTheSeatAtTheSourceOfOneThatFeedsNobody(t *testing.T) {
	k := begin(t, swarm.Source, 3)
	k.tell(0, viewer(1), viewer(2), viewer(3), viewer(4), relay(5), relay(6), relay(7), relay(8))
	k.tell(0, all(asks(1, 0), asks(2, 1))...)
	k.tell(0, all(asks(3, 2))...)
	k.expect("a leaf, where all seats are taken", k.tell(0, asks(4, 3)...), "refuse 4 3: no capacity")
	k.expect("a relay, while the leaf hardly plays", k.tell(time.Second, asks(5, 0)...), "refuse 1 0: no capacity", "push 0 to 5*")
	k.expect("a relay, when the leaf has played for a while", k.tell(3*time.Second, asks(6, 1)...), "refuse 2 1: outbid", "push 1 to 6* 2")
	k.expect("a relay in another substream than that of the only leaf of one", k.tell(4*time.Second, asks(7, 0)...), "refuse 7 0: no capacity")
}

func TestARelayTakesTheSeatAtTheSourceOfOneOfSeveralInAnotherSubstream(t *testing.T) {
	k := begin(t, swarm.Source, 5)
	k.tell(0, viewer(1), viewer(2), viewer(3), viewer(4), viewer(5), relay(6), relay(7), relay(8))
	k.tell(0, all(asks(1, 0), asks(2, 0), asks(3, 0), asks(4, 0), asks(5, 0))...)
	k.expect("a relay", k.tell(3*time.Second, asks(6, 1)...), "refuse 1 0: outbid", "push 0 to 2 3 4 5 1", "push 1 to 6*")
	k.expect("another", k.tell(3*time.Second, asks(7, 1)...), "refuse 2 0: outbid", "push 0 to 3 4 5 1 2", "push 1 to 6* 7*")
	k.expect("a third, while two are about to leave", k.tell(4*time.Second, asks(8, 2)...), "refuse 8 2: no capacity")
	k.expect("a third, where two relays have seats", k.tell(5*time.Second, asks(8, 1)...),
		"refuse 1 0: no capacity", "refuse 2 0: no capacity", "refuse 8 1: no capacity")
	k.expect("a third elsewhere", k.tell(5*time.Second, asks(8, 2)...), "refuse 3 0: outbid", "push 0 to 4 5 3", "push 2 to 8*")
}

func TestALeafIsGivenNoticeAndPushedToForAWhile(t *testing.T) {
	k := begin(t, swarm.Viewer, 2)
	k.tell(0, fed(1, 0b0001)...)
	k.tell(0, all([]scheduler.Change{viewer(2), viewer(3), relay(4), viewer(5), relay(6)}, asks(2, 0), asks(3, 0))...)
	k.expect("a relay, before the leaves have had their seats for 3 s", k.tell(2999*ms, asks(4, 0)...), "refuse 4 0: no capacity")
	k.expect("a leaf, after that", k.tell(3*time.Second, asks(5, 0)...), "refuse 5 0: no capacity")
	k.expect("a relay, after that", k.tell(3*time.Second, asks(4, 0)...), "refuse 3 0: outbid", "push 0 to 4* 2 3")
	k.expect("another at once", k.tell(3249*ms, asks(6, 0)...), "refuse 6 0: no capacity")
	k.expect("nothing before 1.5 s have gone by", k.tell(4499*ms))
	k.expect("after 1.5 s", k.tell(4500*ms), "refuse 3 0: no capacity")
	k.expect("nor again", k.tell(5*time.Second))
	k.expect("it has lost the seat: it is one that asks", k.tell(5*time.Second, asks(3, 0)...), "refuse 3 0: no capacity")
}

func TestALeafThatHasFoundAnotherSeatIsNotRefused(t *testing.T) {
	k := begin(t, swarm.Viewer, 1)
	k.tell(0, fed(1, 0b0001)...)
	k.tell(0, all([]scheduler.Change{viewer(2), relay(3)}, asks(2, 0))...)
	k.expect("a relay", k.tell(3*time.Second, asks(3, 0)...), "refuse 2 0: outbid", "push 0 to 3* 2")
	k.expect("the leaf leaves", k.tell(4*time.Second, scheduler.Unsubscribed{Link: 2, Substream: 0}))
	k.expect("1.5 s after the notice", k.tell(4500*ms))
}

func TestWhoIsFedByNobodyGetsASeatBeyondTheLimit(t *testing.T) {
	k := begin(t, swarm.Viewer, 15)
	k.seats.Keep = 1
	k.tell(0, fed(1, 0b1111)...)
	for link := swarm.LinkID(2); link < 5; link++ {
		k.tell(0, all([]scheduler.Change{reached(viewer(link))}, asks(link, 0, 1, 2, 3))...)
	}
	k.tell(0, all([]scheduler.Change{reached(viewer(5)), viewer(6), idle(7)}, asks(5, 0, 1, 2))...)
	k.expect("the sixteenth seat of fifteen, for one that is fed by others", k.tell(0, asks(5, 3)...), "refuse 5 3: no capacity")
	k.expect("for one that can give nothing", k.tell(0, asks(7, 3)...), "refuse 7 3: no capacity")
	k.expect("for one that is fed by nobody", k.tell(0, asks(6, 3)...), "push 3 to 2 3 4 6")
	k.expect("and one more", k.tell(0, asks(6, 2)...), "refuse 6 2: no capacity")
}

func TestASeatOfOneThatGivesNothingGoesToAContributorThatIsFedByNobody(t *testing.T) {
	k := begin(t, swarm.Viewer, 2)
	k.seats.Keep = 1
	k.tell(0, fed(1, 0b0011)...)
	strong := func(link swarm.LinkID) scheduler.LinkUp {
		up := viewer(link)
		up.Status = swarm.Status{Uplink: 4 * seat}
		return up
	}
	k.tell(0, all([]scheduler.Change{idle(2), idle(3), strong(4), reached(strong(5)), viewer(6)}, asks(2, 0), asks(3, 0))...)
	k.expect("a contributor, before it has been there for 4 s", k.tell(3999*ms, asks(4, 0)...), "refuse 4 0: no capacity")
	k.expect("one that is fed", k.tell(4*time.Second, asks(5, 0)...), "refuse 5 0: no capacity")
	k.expect("one that gives little", k.tell(4*time.Second, asks(6, 0)...), "refuse 6 0: no capacity")
	k.expect("a contributor that is fed by nobody", k.tell(4*time.Second, asks(4, 0)...), "refuse 2 0: no capacity", "push 0 to 3 4")
	k.expect("in another substream too", k.tell(4*time.Second, asks(4, 1)...), "refuse 3 0: no capacity", "push 1 to 4")
}

func TestAStrongerRelayTakesThePlaceOfAWeakerOneOnceItFeedsOthers(t *testing.T) {
	k := begin(t, swarm.Source, 20)
	strong := relay(3)
	strong.Status.Uplink = 8 * seat
	k.tell(0, all([]scheduler.Change{relay(1), relay(2), strong, relay(4)}, asks(1, 0), asks(2, 0))...)
	k.expect("one that is as strong as those who have the seats", k.tell(0, asks(4, 0)...), "refuse 4 0: no capacity")
	k.expect("one that is stronger", k.tell(time.Second, asks(3, 0)...), "push 0 to 3* 1* 2*")
	k.expect("nothing for a second", k.tell(1999*ms))
	k.expect("then", k.tell(2*time.Second), "refuse 1 0: outbid", "push 0 to 3* 2* 1")
	k.expect("as long as it feeds others and has not left", k.tell(9*time.Second))
	k.expect("once it feeds nobody", k.tell(10*time.Second, scheduler.PeerStatus{Link: 1, Status: viewer(1).Status}), "refuse 1 0: no capacity")
}

const ms = time.Millisecond
