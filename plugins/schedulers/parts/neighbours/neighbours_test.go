package neighbours_test

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/neighbours"
)

// pruned is who loses the link within two seconds after the fourth, of 18 neighbours: the source, one with room, and others.
func pruned(t *testing.T, n neighbours.Neighbours) (gone []swarm.LinkID) {
	t.Helper()
	var d desk.Desk
	n.Desk, n.Want = &d, 12
	changes := []scheduler.Change{scheduler.Stream{Role: swarm.Viewer, Substreams: 4, Rate: 80_000, MaxLinks: 32}}
	for i := range 18 {
		up := scheduler.LinkUp{Link: swarm.LinkID(i + 1), Peer: swarm.PeerID{byte(i + 1)}, Role: swarm.Viewer}
		switch i {
		case 0:
			up.Role = swarm.Source
		case 1:
			up.Status.Open = 1
		}
		changes = append(changes, up)
	}
	d.Open(&scheduler.Batch{Revision: 1, Snapshot: true, Changes: changes})
	for i := range 8 {
		d.Open(&scheduler.Batch{Revision: uint64(i) + 2, Now: 4*time.Second + time.Duration(i)*250*time.Millisecond})
		n.Prune()
		for _, a := range d.Answer(0).Actions {
			gone = append(gone, a.(scheduler.Disconnect).Link)
		}
	}
	return gone
}

func TestWhoLacksSubstreamsLeavesIdleNeighboursWithoutRoom(t *testing.T) {
	if gone := pruned(t, neighbours.Neighbours{}); len(gone) > 0 {
		t.Errorf("one that lacks nothing ends the links %v of 18, want none", gone)
	}
	gone := pruned(t, neighbours.Neighbours{Wanting: true})
	if len(gone) < 2 {
		t.Fatalf("one that lacks substreams ends the links %v, want some", gone)
	}
	for i, l := range gone {
		if want := swarm.LinkID(i + 3); l != want {
			t.Errorf("link %d is the %d. to end, want %d: not the source, nor one with room", l, i+1, want)
		}
	}
}

func TestWhereUplinksDoNotSufficeFewNeighboursAreExchanged(t *testing.T) {
	many := len(pruned(t, neighbours.Neighbours{Wanting: true}))
	if few := len(pruned(t, neighbours.Neighbours{Wanting: true, Scarce: true})); few == 0 || few > 2 || few >= many {
		t.Errorf("in two seconds it ends %d links, %d where uplinks suffice; want one a second", few, many)
	}
}
