package scheduler_test

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

func peer(n byte) swarm.PeerID { return swarm.PeerID{n} }

// fold makes a view of a stream of 4 substreams with links 1 and 2, and folds changes in at 1 s.
func fold(changes ...scheduler.Change) *scheduler.View {
	v := new(scheduler.View)
	v.Apply(&scheduler.Batch{Revision: 1, Snapshot: true, Changes: []scheduler.Change{
		scheduler.Stream{Self: peer(9), Role: swarm.Viewer, Substreams: 4, MaxLinks: 8},
		scheduler.Candidates{Peers: []swarm.Candidate{{Peer: peer(1)}, {Peer: peer(9)}, {Peer: peer(3)}}},
		scheduler.LinkUp{Link: 2, Peer: peer(2), Role: swarm.Viewer},
		scheduler.LinkUp{Link: 1, Peer: peer(1), Role: swarm.Source, RTT: time.Millisecond},
	}})
	v.Apply(&scheduler.Batch{Revision: 2, Now: time.Second, Changes: changes})
	return v
}

func TestViewKeepsLinksInOrderOfTheirID(t *testing.T) {
	v := fold(scheduler.LinkUp{Link: 7, Peer: peer(7)}, scheduler.LinkUp{Link: 5, Peer: peer(5)}, scheduler.LinkDown{Link: 2})
	var ids []swarm.LinkID
	for _, l := range v.Links {
		ids = append(ids, l.Link)
	}
	if len(ids) != 3 || ids[0] != 1 || ids[1] != 5 || ids[2] != 7 {
		t.Fatalf("links %v, want 1 5 7", ids)
	}
	if v.Link(2) != nil {
		t.Error("a link that is down is still found")
	}
	if l := v.Link(7); l == nil || l.Since != time.Second {
		t.Errorf("link 7 is %+v, want one since 1s", l)
	}
	if l := v.LinkTo(peer(5)); l == nil || l.Link != 5 {
		t.Errorf("the link to peer 5 is %+v", l)
	}
}

func TestViewForgetsEverythingAtASnapshot(t *testing.T) {
	v := fold(scheduler.Capacity{Cap: 7}, scheduler.Held{Base: 64, Words: []uint64{1}})
	v.Did([]scheduler.Action{scheduler.Push{Substream: 1, To: []scheduler.Target{{Link: 1}}}, scheduler.Repair{Slack: 1}})
	v.Apply(&scheduler.Batch{Revision: 3, Now: 2 * time.Second, Snapshot: true, Changes: []scheduler.Change{
		scheduler.Stream{Substreams: 2}, scheduler.LinkUp{Link: 11, Peer: peer(4)},
		scheduler.Order{Action: scheduler.Push{Substream: 0, To: []scheduler.Target{{Link: 11, Class: scheduler.ClassLeaf}}}},
		scheduler.Order{Action: scheduler.Subscribe{Link: 11, Substreams: 2, Mode: swarm.Eager}},
		scheduler.Order{Action: scheduler.Announce{Link: 11, Every: time.Second}},
		scheduler.Order{Action: scheduler.Repair{Share: 0.5}},
	}})
	l := v.Link(11)
	switch {
	case v.Revision != 3 || v.Now != 2*time.Second:
		t.Errorf("revision %d at %v", v.Revision, v.Now)
	case len(v.Links) != 1 || len(v.Known) != 0 || v.Capacity.Cap != 0 || len(v.Held.Words) != 0:
		t.Errorf("something of before is left: %+v", v)
	case v.Repair != scheduler.Repair{Share: 0.5}:
		t.Errorf("repair %+v, want the order of the snapshot", v.Repair)
	case len(v.Pushes) != 2 || len(v.Pushes[0]) != 1 || v.Pushes[0][0].Link != 11 || len(v.Pushes[1]) != 0:
		t.Errorf("pushes %v, want the order of the snapshot", v.Pushes)
	case l.In(swarm.Eager) != 2 || l.Feeds[1].Mode != swarm.Eager || l.Announce != time.Second:
		t.Errorf("link %+v, want the orders of the snapshot", l)
	}
}

func TestViewFollowsSubscriptionsOfBothWays(t *testing.T) {
	v := fold(
		scheduler.Subscribed{Link: 2, Substream: 3, Mode: swarm.Eager, From: 12},
		scheduler.Subscribed{Link: 2, Substream: 1, Mode: swarm.Lazy},
		scheduler.Subscribed{Link: 2, Substream: 4, Mode: swarm.Lazy}, // there is none
		scheduler.Subscribed{Link: 99, Substream: 1, Mode: swarm.Lazy},
	)
	v.Did([]scheduler.Action{
		scheduler.Subscribe{Link: 1, Substreams: 0b1101, Mode: swarm.Eager},
		scheduler.Subscribe{Link: 1, Substreams: 0b0001, Mode: swarm.Lazy},
		scheduler.Push{Substream: 3, To: []scheduler.Target{{Link: 2}}},
	})
	one, two := v.Link(1), v.Link(2)
	if one.In(swarm.Eager) != 0b1100 || one.In(swarm.Lazy) != 0b0001 {
		t.Errorf("fed eagerly %b, lazily %b", one.In(swarm.Eager), one.In(swarm.Lazy))
	}
	if two.Out(swarm.Eager) != 0b1000 || two.Out(swarm.Lazy) != 0b0010 || two.Asks[3].From != 12 {
		t.Errorf("asked eagerly %b, lazily %b, %+v", two.Out(swarm.Eager), two.Out(swarm.Lazy), two.Asks)
	}
	v.Apply(&scheduler.Batch{Revision: 3, Now: 2 * time.Second, Changes: []scheduler.Change{
		scheduler.Feeding{Link: 1, Substream: 2, Mode: swarm.None, Reason: swarm.NoCapacity},
		scheduler.Silent{Link: 1, Substream: 3, For: time.Second},
		scheduler.Unsubscribed{Link: 2, Substream: 3},
	}})
	if one.In(swarm.Eager) != 0b1000 || one.Feeds[2].Denied != swarm.NoCapacity || one.Feeds[2].DeniedAt != 2*time.Second {
		t.Errorf("after the denial: fed %b, %+v", one.In(swarm.Eager), one.Feeds[2])
	}
	if one.Feeds[3].Silent != time.Second || one.Feeds[3].Flows {
		t.Errorf("silence is not seen: %+v", one.Feeds[3])
	}
	if two.Out(swarm.Eager) != 0 || len(v.Pushes[3]) != 0 {
		t.Errorf("after the unsubscription: asked %b, pushed %v", two.Out(swarm.Eager), v.Pushes[3])
	}
	v.Apply(&scheduler.Batch{Revision: 4, Changes: []scheduler.Change{
		scheduler.SubstreamMeasured{Link: 1, Substream: 3, Lateness: time.Millisecond, Samples: 5},
		scheduler.Refused{Action: scheduler.Subscribe{Link: 1, Substreams: 1, Mode: swarm.Lazy}, Reason: scheduler.RefusedLimit},
	}})
	if one.Feeds[3].Silent != time.Second || one.Feeds[3].Samples != 5 || one.Feeds[3].Flows {
		t.Errorf("after a measurement, which may be of announcements alone: %+v", one.Feeds[3])
	}
	v.Apply(&scheduler.Batch{Revision: 5, Changes: []scheduler.Change{scheduler.Feeding{Link: 1, Substream: 3, Mode: swarm.Eager}}})
	if one.Feeds[3].Silent != 0 || !one.Feeds[3].Flows {
		t.Errorf("after it pushes again: %+v", one.Feeds[3])
	}
	if one.In(swarm.Lazy) != 0 {
		t.Errorf("a refused subscription still counts: %b", one.In(swarm.Lazy))
	}
}

func TestViewTakesALinkOffAllThatItWasPartOf(t *testing.T) {
	v := fold()
	v.Did([]scheduler.Action{
		scheduler.Push{Substream: 0, To: []scheduler.Target{{Link: 1}, {Link: 2}}},
		scheduler.Push{Substream: 1, To: []scheduler.Target{{Link: 2}}},
	})
	v.Apply(&scheduler.Batch{Revision: 3, Changes: []scheduler.Change{scheduler.LinkDown{Link: 2, Peer: peer(2)}}})
	if len(v.Pushes[0]) != 1 || v.Pushes[0][0].Link != 1 || len(v.Pushes[1]) != 0 {
		t.Errorf("pushes %v, want link 1 on substream 0 alone", v.Pushes)
	}
}

func TestViewRemembersCandidatesWithinItsBound(t *testing.T) {
	v := fold()
	if v.Candidate(peer(9)) != nil {
		t.Error("the peer itself is a candidate")
	}
	v.Did([]scheduler.Action{scheduler.Connect{Peer: peer(3)}})
	if k := v.Candidate(peer(3)); !k.Dialing {
		t.Error("a connect does not count as dialing")
	}
	v.Apply(&scheduler.Batch{Now: 2 * time.Second, Changes: []scheduler.Change{scheduler.DialFailed{Peer: peer(3)}}})
	if k := v.Candidate(peer(3)); k.Dialing || k.Failures != 1 || k.FailedAt != 2*time.Second {
		t.Errorf("after a failure: %+v", k)
	}
	for range 2 { // links that last for a moment are failures too
		v.Apply(&scheduler.Batch{Now: 3 * time.Second, Changes: []scheduler.Change{
			scheduler.LinkUp{Link: 20, Peer: peer(3)}, scheduler.LinkDown{Link: 20, Peer: peer(3)},
		}})
	}
	if k := v.Candidate(peer(3)); k.Failures != 3 || k.FailedAt != 3*time.Second {
		t.Errorf("after two brief links: %+v", k)
	}
	v.Apply(&scheduler.Batch{Now: 3 * time.Second, Changes: []scheduler.Change{scheduler.LinkUp{Link: 21, Peer: peer(3)}}})
	v.Apply(&scheduler.Batch{Now: 30 * time.Second, Changes: []scheduler.Change{scheduler.LinkDown{Link: 21, Peer: peer(3)}}})
	if k := v.Candidate(peer(3)); k.Failures != 1 {
		t.Errorf("after a long link: %+v", k)
	}
	v.Apply(&scheduler.Batch{Changes: []scheduler.Change{scheduler.Candidates{Peers: []swarm.Candidate{{Peer: peer(8), Role: swarm.Source}}}}})
	for i := range 2 * scheduler.MaxKnown {
		p := swarm.PeerID{1, byte(i), byte(i >> 8)}
		v.Apply(&scheduler.Batch{Changes: []scheduler.Change{scheduler.Candidates{Peers: []swarm.Candidate{{Peer: p}}}}})
	}
	if len(v.Known) != scheduler.MaxKnown {
		t.Errorf("%d candidates, want %d", len(v.Known), scheduler.MaxKnown)
	}
	if v.Candidate(peer(8)) == nil {
		t.Error("the source is forgotten")
	}
}

func TestViewKeepsNothingOfTheBatch(t *testing.T) {
	words := []uint64{5}
	addresses := []swarm.Address{"quic:a"}
	v := fold(scheduler.Held{Base: 64, Words: words}, scheduler.Holds{Link: 1, Words: words},
		scheduler.Candidates{Peers: []swarm.Candidate{{Peer: peer(3), Addresses: addresses}}})
	words[0], addresses[0] = 0, "x"
	if !v.Held.Has(64) || v.Held.Has(65) || !v.Held.Has(66) || v.Held.Has(63) || v.Held.Has(128) {
		t.Errorf("held %+v, want 64 and 66", v.Held)
	}
	if !v.Link(1).Holds.Has(2) {
		t.Error("a neighbour's holdings changed with the batch")
	}
	if got := v.Candidate(peer(3)).Addresses[0]; got != "quic:a" {
		t.Errorf("address %q changed with the batch", got)
	}
}

func TestViewStartsOverWhenTheNumberOfSubstreamsChanges(t *testing.T) {
	v := fold(scheduler.Subscribed{Link: 2, Substream: 3, Mode: swarm.Eager})
	v.Apply(&scheduler.Batch{Changes: []scheduler.Change{scheduler.Stream{Substreams: 64}}})
	if v.All() != 1<<64-1 || len(v.Pushes) != 64 || len(v.Link(2).Asks) != 64 || v.Link(2).Out(swarm.Eager) != 0 {
		t.Errorf("all %x, %d pushes, %d asks", v.All(), len(v.Pushes), len(v.Link(2).Asks))
	}
}

func TestAFeederThatIsOutbidFeedsOnUntilTheNextSubscription(t *testing.T) {
	v := fold()
	one, two := v.Link(1), v.Link(2)
	outbid := func(link swarm.LinkID, k int) {
		v.Apply(&scheduler.Batch{Revision: 3, Now: 2 * time.Second, Changes: []scheduler.Change{
			scheduler.Feeding{Link: link, Substream: k, Mode: swarm.Eager, Reason: swarm.Outbid},
		}})
	}
	v.Did([]scheduler.Action{scheduler.Subscribe{Link: 1, Substreams: 0b0110, Mode: swarm.Eager}})
	outbid(1, 1)
	outbid(2, 1) // it does not feed
	outbid(1, 4) // there is none
	if f := one.Feeds[1]; !f.Outbid || f.Mode != swarm.Eager || f.Flows || f.Denied != swarm.NoReason {
		t.Errorf("after the notice: %+v, want an eager feed that is outbid", f)
	}
	if one.Feeds[2].Outbid || two.Feeds[1].Outbid || two.In(swarm.Eager) != 0 {
		t.Errorf("others are outbid too: %+v, %+v", one.Feeds[2], two.Feeds[1])
	}
	v.Apply(&scheduler.Batch{Revision: 4, Now: 3 * time.Second, Changes: []scheduler.Change{
		scheduler.Feeding{Link: 1, Substream: 1, Mode: swarm.Eager},
	}})
	if f := one.Feeds[1]; !f.Outbid || !f.Flows {
		t.Errorf("while it feeds on: %+v", f)
	}
	v.Apply(&scheduler.Batch{Revision: 5, Now: 4 * time.Second, Changes: []scheduler.Change{
		scheduler.Feeding{Link: 1, Substream: 1, Mode: swarm.None, Reason: swarm.NoCapacity},
	}})
	if f := one.Feeds[1]; f.Outbid || f.Mode != swarm.None || f.Denied != swarm.NoCapacity {
		t.Errorf("after the end: %+v", f)
	}
	v.Did([]scheduler.Action{scheduler.Subscribe{Link: 1, Substreams: 0b0010, Mode: swarm.Eager}})
	outbid(1, 1)
	for _, m := range []swarm.Mode{swarm.None, swarm.Eager} { // given up, and asked for anew
		v.Did([]scheduler.Action{scheduler.Subscribe{Link: 1, Substreams: 0b0010, Mode: m}})
	}
	if f := one.Feeds[1]; f.Outbid || f.Mode != swarm.Eager {
		t.Errorf("after a new subscription: %+v", f)
	}
}

func TestWhoIsToldThatItsSeatGoesToAnotherKeepsItUntilItIsRefused(t *testing.T) {
	v := fold(scheduler.Subscribed{Link: 2, Substream: 3, Mode: swarm.Eager})
	v.Did([]scheduler.Action{
		scheduler.Push{Substream: 3, To: []scheduler.Target{{Link: 2}}},
		scheduler.Refuse{Link: 2, Substream: 3, Reason: swarm.Outbid},
	})
	if v.Link(2).Out(swarm.Eager) != 0b1000 || len(v.Pushes[3]) != 1 {
		t.Errorf("after the notice: asked %b, pushed %v", v.Link(2).Out(swarm.Eager), v.Pushes[3])
	}
	v.Did([]scheduler.Action{scheduler.Refuse{Link: 2, Substream: 3, Reason: swarm.NoCapacity}})
	if v.Link(2).Out(swarm.Eager) != 0 || len(v.Pushes[3]) != 0 {
		t.Errorf("after the refusal: asked %b, pushed %v", v.Link(2).Out(swarm.Eager), v.Pushes[3])
	}
}

func BenchmarkViewApply(b *testing.B) {
	v := fold()
	batch := &scheduler.Batch{Changes: []scheduler.Change{
		scheduler.LinkMeasured{Link: 1, RTT: 1}, scheduler.SubstreamMeasured{Link: 2, Substream: 1, Samples: 3},
		scheduler.Subscribed{Link: 2, Substream: 3, Mode: swarm.Eager}, scheduler.Unsubscribed{Link: 2, Substream: 3},
	}}
	b.ReportAllocs()
	for b.Loop() {
		v.Apply(batch)
	}
}

func TestInANewEpochNobodyHasPushedYet(t *testing.T) {
	const at = 2 * time.Second
	for _, epoch := range []uint32{0, 1} {
		v := fold(scheduler.Order{Action: scheduler.Subscribe{Link: 1, Substreams: 0b11, Mode: swarm.Eager}},
			scheduler.Feeding{Link: 1, Substream: 0, Mode: swarm.Eager}, scheduler.Silent{Link: 1, Substream: 1, For: time.Second})
		v.Apply(&scheduler.Batch{Revision: 3, Now: at, Changes: []scheduler.Change{
			scheduler.Stream{Self: peer(9), Role: swarm.Viewer, Epoch: epoch, Substreams: 4, MaxLinks: 8},
		}})
		l := v.Link(1)
		fresh := !l.Feeds[0].Flows && l.Feeds[1].Silent == 0 && l.Feeds[0].Since == at && l.Feeds[1].Since == at
		if l.In(swarm.Eager) != 0b11 || fresh != (epoch == 1) {
			t.Errorf("epoch %d: of subscriptions %b it keeps %+v and %+v", epoch, l.In(swarm.Eager), l.Feeds[0], l.Feeds[1])
		}
	}
}
