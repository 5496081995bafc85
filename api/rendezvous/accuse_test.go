package rendezvous_test

import (
	"slices"
	"testing"

	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// TestWhoIsAccusedByThreeIsIntroducedNoMore: those that it may dial are told, and who comes later does not hear of it.
func TestWhoIsAccusedByThreeIsIntroducedNoMore(t *testing.T) {
	publisher := newKey(t)
	_, h := serve(t, publisher)
	source := join(t, h.URL, swarm.Source, publisher).in(t)
	var viewers []*peer
	for range 5 {
		viewers = append(viewers, join(t, h.URL, swarm.Viewer, nil).in(t))
	}
	forger := viewers[4] // the last, who was told of all others
	for _, v := range viewers[:3] {
		v.Accuse(forger.self)
	}
	for _, v := range viewers[:4] {
		v.until(t, "those that the accused was told of hear of it", func() bool { return slices.Equal(v.suspects, []swarm.PeerID{forger.self}) })
	}
	late := join(t, h.URL, swarm.Viewer, nil).in(t)
	late.until(t, "a later one is told of others", func() bool { return len(late.candidates) > 0 })
	late.mu.Lock()
	defer late.mu.Unlock()
	if len(late.candidates) != 5 || slices.ContainsFunc(late.candidates, func(c swarm.Candidate) bool { return c.Peer == forger.self }) {
		t.Errorf("a later one is told of %d, among them the accused or not all others", len(late.candidates))
	}
	source.mu.Lock()
	defer source.mu.Unlock()
	if len(source.suspects) > 0 {
		t.Error("the source, which takes no chunks, was told")
	}
}

// TestTheAccusedHearsOfTheSourceAlone, even if it joins anew.
func TestTheAccusedHearsOfTheSourceAlone(t *testing.T) {
	publisher := newKey(t)
	_, h := serve(t, publisher)
	source := join(t, h.URL, swarm.Source, publisher).in(t)
	var viewers []*peer
	for range 4 {
		viewers = append(viewers, join(t, h.URL, swarm.Viewer, nil).in(t))
	}
	key := newKey(t)
	forger := joinAs(t, rendezvous.ClientConfig{URL: h.URL, Identity: key}, node.Self{Role: swarm.Viewer, Name: name}).in(t)
	for _, v := range viewers[:3] {
		v.Accuse(forger.self)
	}
	viewers[3].until(t, "it is accused", func() bool { return len(viewers[3].suspects) > 0 })
	forger.stop()
	again := joinAs(t, rendezvous.ClientConfig{URL: h.URL, Identity: key}, node.Self{Role: swarm.Viewer, Name: name}).in(t)
	again.until(t, "it is told of somebody", func() bool { return len(again.candidates) > 0 })
	again.mu.Lock()
	defer again.mu.Unlock()
	if len(again.candidates) != 1 || again.candidates[0].Peer != source.self {
		t.Errorf("the accused is told of %d", len(again.candidates))
	}
}
