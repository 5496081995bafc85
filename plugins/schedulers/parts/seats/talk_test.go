package seats_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/seats"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/uplink"
)

// seat is what one copy of one of the four substreams takes, in bytes per second.
const seat = 10_000

// talk is one conversation with a peer that gives seats.
type talk struct {
	t      *testing.T
	desk   desk.Desk
	uplink uplink.Uplink
	seats  seats.Seats
	batch  scheduler.Batch
}

// begin makes a peer whose uplink carries so many seats. Two copies of each substream are a source's to give.
func begin(t *testing.T, role swarm.Role, room uint64) *talk {
	k := &talk{t: t}
	k.uplink = uplink.Uplink{Desk: &k.desk, Headroom: 1, Trust: uplink.All}
	k.seats = seats.Seats{Desk: &k.desk, Uplink: &k.uplink, Copies: 2}
	k.batch.Snapshot = true
	k.tell(0, scheduler.Stream{Self: swarm.PeerID{99}, Role: role, Substreams: 4, Rate: 4 * seat, MaxLinks: 32, Seed: 1},
		scheduler.Capacity{Cap: room * seat})
	k.batch.Snapshot = false
	return k
}

// tell is what happens at a time, and answers what was done about it, one a line: who is pushed to, and who is refused and why.
func (k *talk) tell(now time.Duration, changes ...scheduler.Change) string {
	k.batch.Revision++
	k.batch.Now, k.batch.Changes = now, changes
	k.desk.Open(&k.batch)
	k.seats.Dismiss()
	k.seats.Replace()
	k.seats.Serve()
	var did []string
	for _, a := range k.desk.Answer(0).Actions {
		switch a := a.(type) {
		case scheduler.Push:
			did = append(did, fmt.Sprintf("push %d to %s", a.Substream, names(a.To)))
		case scheduler.Refuse:
			did = append(did, fmt.Sprintf("refuse %d %d: %s", a.Link, a.Substream, reasons[a.Reason]))
		}
	}
	return strings.Join(did, "\n")
}

var reasons = map[swarm.Reason]string{swarm.NoCapacity: "no capacity", swarm.Outbid: "outbid"}

// names lists targets, those that feed others with a star.
func names(to []scheduler.Target) string {
	var b []string
	for _, t := range to {
		b = append(b, fmt.Sprint(t.Link)+strings.Repeat("*", int(scheduler.ClassLeaf-t.Class)))
	}
	return strings.Join(b, " ")
}

// expect compares what was done with what should have been.
func (k *talk) expect(what, got string, want ...string) {
	k.t.Helper()
	if w := strings.Join(want, "\n"); got != w {
		k.t.Errorf("%s:\n%s\nwant:\n%s", what, got, w)
	}
}

// open compares the substreams with room with what they should be.
func (k *talk) open(what string, want uint64) {
	k.t.Helper()
	if got := k.seats.Open(); got != want {
		k.t.Errorf("%s: open %04b, want %04b", what, got, want)
	}
}

// fed has a neighbour push some substreams to the peer; hops are its own, by substream, none for the source.
func fed(link swarm.LinkID, set uint64, hops ...int) []scheduler.Change {
	up := scheduler.LinkUp{Link: link, Peer: swarm.PeerID{byte(link)}, Role: swarm.Source}
	if len(hops) > 0 {
		up.Role = swarm.Viewer
	}
	for k, h := range hops {
		up.Status.Hops.Set(k, h)
	}
	changes := []scheduler.Change{up, scheduler.Order{Action: scheduler.Subscribe{Link: link, Substreams: set, Mode: swarm.Eager}}}
	for k := range 4 {
		if set&(1<<k) != 0 {
			changes = append(changes, scheduler.Feeding{Link: link, Substream: k, Mode: swarm.Eager})
		}
	}
	return changes
}

// viewer is a neighbour that can give something.
func viewer(link swarm.LinkID) scheduler.LinkUp {
	return scheduler.LinkUp{
		Link: link, Peer: swarm.PeerID{byte(link)}, Role: swarm.Viewer, Status: swarm.Status{Uplink: 2 * seat, Spare: seat},
	}
}

// relay is one that says that it feeds others in all substreams.
func relay(link swarm.LinkID) scheduler.LinkUp {
	up := viewer(link)
	up.Status.Relays = 0b1111
	return up
}

// idle is one that can give nothing.
func idle(link swarm.LinkID) scheduler.LinkUp {
	up := viewer(link)
	up.Status = swarm.Status{}
	return up
}

// reached is a neighbour that somebody feeds already.
func reached(up scheduler.LinkUp) scheduler.LinkUp {
	for k := range 4 {
		up.Status.Hops.Set(k, 3)
	}
	return up
}

// asks has a neighbour ask for substreams.
func asks(link swarm.LinkID, substreams ...int) (changes []scheduler.Change) {
	for _, k := range substreams {
		changes = append(changes, scheduler.Subscribed{Link: link, Substream: k, Mode: swarm.Eager})
	}
	return changes
}

// all is several lists of changes in one.
func all(lists ...[]scheduler.Change) []scheduler.Change { return slices.Concat(lists...) }
