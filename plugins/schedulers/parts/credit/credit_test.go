package credit_test

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/credit"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/desk"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/uplink"
)

// peer knows one neighbour.
type peer struct {
	desk   desk.Desk
	uplink uplink.Uplink
	credit credit.Credit
	batch  scheduler.Batch
}

// begin has a peer meet a neighbour with so much uplink, in bytes per second, of which a seat takes 10,000.
func begin(role swarm.Role, rate uint64) *peer {
	p := &peer{}
	p.uplink.Desk = &p.desk
	p.credit = credit.Credit{Desk: &p.desk, Uplink: &p.uplink}
	p.batch.Snapshot = true
	p.at(0, scheduler.Stream{Role: swarm.Viewer, Substreams: 4, Rate: 40_000},
		scheduler.LinkUp{Link: 1, Role: role, Status: swarm.Status{Uplink: rate}})
	p.batch.Snapshot = false
	return p
}

// at is the neighbour after what has happened by a time.
func (p *peer) at(now time.Duration, changes ...scheduler.Change) *scheduler.Link {
	p.batch.Revision++
	p.batch.Now, p.batch.Changes = now, changes
	p.desk.Open(&p.batch)
	p.credit.Forget()
	return p.desk.View.Link(1)
}

func TestAClaimIsBelievedAtFirstAndThenWhenItWasShown(t *testing.T) {
	for name, c := range map[string]struct { // order-free: each stands alone
		role  swarm.Role
		rate  uint64
		gives bool
	}{
		"of nothing":           {swarm.Viewer, 0, false},
		"of less than a seat":  {swarm.Viewer, 9_999, false},
		"of a seat":            {swarm.Viewer, 10_000, true},
		"of one that is known": {swarm.Helper, 0, true},
	} {
		p := begin(c.role, c.rate)
		if l := p.at(2499 * time.Millisecond); !p.credit.Gives(l) {
			t.Errorf("%s: a newcomer is not believed", name)
		}
		if l := p.at(2500 * time.Millisecond); p.credit.Gives(l) != c.gives {
			t.Errorf("%s: believed %v, want %v", name, !c.gives, c.gives)
		}
	}
}

func TestWhoPushesIsBelievedWhateverItSays(t *testing.T) {
	p := begin(swarm.Viewer, 0)
	p.desk.Do(scheduler.Subscribe{Link: 1, Substreams: 1, Mode: swarm.Eager})
	if l := p.at(5*time.Second, scheduler.SubstreamMeasured{Link: 1, Samples: 9}); p.credit.Gives(l) {
		t.Error("one that only announces is believed")
	}
	if l := p.at(6*time.Second, scheduler.Feeding{Link: 1, Mode: swarm.Eager}); !p.credit.Gives(l) {
		t.Error("one that pushes is not believed")
	}
}

func TestOneThatSentNothingIsDoubtedForLongerEachTime(t *testing.T) {
	p := begin(swarm.Viewer, 90_000)
	now := time.Second
	for _, want := range []time.Duration{20 * time.Second, 40 * time.Second, time.Minute, time.Minute} {
		l := p.at(now)
		p.credit.Broke(l)
		p.credit.Broke(l) // in another substream too
		if p.credit.Gives(l) || !p.credit.Doubts(p.at(now+want-1)) || p.credit.Doubts(p.at(now+want)) {
			t.Errorf("it is not doubted for %v", want)
		}
		if p.credit.Gives(l) {
			t.Error("it is believed again before anything has come")
		}
		now += want
	}
	l := p.at(now, scheduler.LinkMeasured{Link: 1, RecvRate: 1000})
	if p.credit.Broke(l); p.credit.Doubts(l) || !p.credit.Gives(l) {
		t.Error("one that sends chunks is not forgiven")
	}
}
