package uplink_test

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/uplink"
)

func TestWhereChunksWaitLessIsCommittedButOfAKnownUplinkMost(t *testing.T) {
	for _, c := range []struct {
		shown bool
		want  float64
	}{{false, 0.9 * 50_000}, {true, 0.9 * 0.9 * 100_000}} {
		var d desk.Desk
		u := uplink.Uplink{Desk: &d, Trial: 1, Headroom: 0.9, Trust: uplink.All}
		d.Open(&scheduler.Batch{Revision: 1, Snapshot: true, Changes: []scheduler.Change{
			scheduler.Stream{Role: swarm.Viewer, Substreams: 4, Rate: 80_000},
			scheduler.Capacity{Measured: 100_000, Shown: c.shown},
			scheduler.LinkUp{Link: 1, Role: swarm.Viewer},
		}})
		if got := u.Limit(); got != 0.9*100_000 {
			t.Errorf("shown %v: %v may be committed, want %v", c.shown, got, 0.9*100_000)
		}
		d.Open(&scheduler.Batch{Revision: 2, Changes: []scheduler.Change{
			scheduler.LinkMeasured{Link: 1, SentRate: 50_000, Queue: 150 * time.Millisecond},
		}})
		u.Heed()
		if got := u.Limit(); got < c.want-1 || got > c.want+1 {
			t.Errorf("shown %v: while chunks wait %v may be committed, want %v", c.shown, got, c.want)
		}
		d.Open(&scheduler.Batch{Revision: 3, Changes: []scheduler.Change{scheduler.LinkMeasured{Link: 1, SentRate: 50_000}}})
		for range 8 {
			u.Heed()
		}
		if got := u.Limit(); got < 0.9*100_000 {
			t.Errorf("shown %v: after 8 s without a wait %v may be committed, want all of it again", c.shown, got)
		}
	}
}

func TestWhatHasLeftWithinTheSecondIsCarried(t *testing.T) {
	var d desk.Desk
	u := uplink.Uplink{Desk: &d, Trial: 1, Headroom: 0.9, Trust: uplink.All}
	d.Open(&scheduler.Batch{Revision: 1, Snapshot: true, Changes: []scheduler.Change{
		scheduler.Stream{Role: swarm.Viewer, Substreams: 4, Rate: 80_000},
		scheduler.Capacity{Measured: 100_000},
		scheduler.LinkUp{Link: 1, Role: swarm.Viewer},
		scheduler.LinkMeasured{Link: 1, SentRate: 20_000, Queue: 150 * time.Millisecond},
	}})
	u.Heed()
	d.Open(&scheduler.Batch{Revision: 2, Changes: []scheduler.Change{scheduler.LinkMeasured{Link: 1, SentRate: 90_000}}})
	u.Heed()
	if got, want := u.Limit(), 0.9*90_000; got < want-1 {
		t.Errorf("an uplink that was full while little was sent, and then carried 90000 B/s, may be committed %v, want %v", got, want)
	}
}

func TestOnlyASourceIsTrustedWithWhatNobodyHasMeasured(t *testing.T) {
	for _, c := range []struct {
		name  string
		role  swarm.Role
		limit uint64 // of its own
		most  float64
	}{
		{"a source without a cap", swarm.Source, 0, 1e15},
		{"a helper without one", swarm.Helper, 0, 2 * 80_000},
		{"a helper with one", swarm.Helper, 500_000, 500_000},
		{"a viewer", swarm.Viewer, 0, 2 * 80_000},
	} {
		var d desk.Desk
		u := uplink.Uplink{Desk: &d, Trial: 2, Headroom: 1}
		d.Open(&scheduler.Batch{Revision: 1, Snapshot: true, Changes: []scheduler.Change{
			scheduler.Stream{Role: c.role, Substreams: 4, Rate: 80_000}, scheduler.Capacity{Cap: c.limit},
		}})
		if got := u.Limit(); got != c.most {
			t.Errorf("%s: %v may be committed, want %v", c.name, got, c.most)
		}
	}
}
