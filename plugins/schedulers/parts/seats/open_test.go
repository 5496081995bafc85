package seats_test

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

func TestAViewerTellsTheSubstreamsThatItIsFedAndHasRoomFor(t *testing.T) {
	k := begin(t, swarm.Viewer, 10)
	k.open("of one that is not fed", 0)
	k.expect("who is not fed itself", k.tell(0, viewer(2), asks(2, 0)[0]), "refuse 2 0: no capacity")
	k.tell(0, fed(1, 0b0011)...)
	k.open("fed in two substreams", 0b0011)
	for link := swarm.LinkID(3); link < 7; link++ {
		k.tell(0, all([]scheduler.Change{viewer(link)}, asks(link, 0, 1))...)
	}
	k.open("with eight seats of ten given", 0b0011)
	k.expect("the ninth seat", k.tell(0, asks(2, 0)...), "push 0 to 3 4 5 6 2")
	k.open("with nine seats of ten given", 0b0011)
	k.expect("the tenth seat and one more", k.tell(0, viewer(7), asks(2, 1)[0], asks(7, 1)[0]), "refuse 7 1: no capacity", "push 1 to 3 4 5 6 2")
	k.open("with all seats given", 0)
	k.tell(0, scheduler.LinkDown{Link: 3})
	k.open("when one has left", 0b0011)
	k.tell(0, scheduler.Silent{Link: 1, Substream: 1, For: time.Second})
	k.open("when one substream comes no more", 0b0001)
}

func TestASourceTellsTheSubstreamsThatFewRelaysHave(t *testing.T) {
	k := begin(t, swarm.Source, 20)
	k.tell(0, relay(1), relay(2), viewer(3), viewer(4))
	k.open("with nobody fed", 0b1111)
	k.tell(0, all(asks(1, 0, 1), asks(2, 0), asks(3, 1, 2), asks(4, 2))...)
	k.open("with two that feed others in 0, one in 1, and two leaves in 2", 0b1110)
	status := viewer(2).Status
	k.tell(0, scheduler.PeerStatus{Link: 2, Status: status})
	k.open("when one of them feeds others no more", 0b1111)
}

func TestAViewerTellsOfRoomThatItWouldMake(t *testing.T) {
	k := begin(t, swarm.Viewer, 2)
	k.seats.Keep = 1
	k.tell(0, fed(1, 0b0011, 1, 2, 3, 3)...)
	k.tell(0, all([]scheduler.Change{reached(viewer(2)), reached(viewer(3)), viewer(4)}, asks(2, 1), asks(3, 1))...)
	k.open("nobody has 0, which has hardly left the source, and leaves have what is farther", 0b0001)
	k.expect("who asks for it gets the seat of one of them", k.tell(4*time.Second, asks(4, 0)...),
		"refuse 2 1: outbid", "push 0 to 4", "push 1 to 3 2")
}
