package engine_test

import (
	"errors"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/swarm"
)

func TestAViewerPlaysWhatASourcePublishes(t *testing.T) {
	w := newWorld(t, 1)
	source := w.add("source", swarm.Source, nil)
	source.policy = mesh(fromSource)
	viewer := w.add("viewer", swarm.Viewer, nil)
	viewer.policy = mesh(fromSource)
	if err := source.engine.Describe(0, w.signed()); err != nil {
		t.Fatal(err)
	}
	w.connect(source, viewer, 10*ms, 0.02)
	w.publish(source, 10*time.Second, 10, func(int) int { return 10_000 })
	w.run(12 * time.Second)
	s := viewer.engine.Stats(w.now)
	t.Logf("%+v %+v %+v startup %v target %v clock %v", s.Groups, s.Chunks, s.Sent, s.Startup, s.Target, s.Clock)
	t.Logf("delay p50 %.1f p99 %.1f playout p50 %.1f", s.Delay.Quantile(0.5)/1000, s.Delay.Quantile(0.99)/1000, s.Playout.Quantile(0.5)/1000)
	t.Logf("source sent %+v", source.engine.Stats(w.now).Sent)
	if s.Groups.Complete < 99 || s.Groups.Missed > 0 {
		t.Errorf("played %d groups, missed %d", s.Groups.Complete, s.Groups.Missed)
	}
	for i, d := range viewer.delivered {
		if d.Gap() || d.Group.Group != uint64(i) || len(d.Group.Payload) != 10_000 {
			t.Fatalf("delivery %d: group %d, %d bytes", i, d.Group.Group, len(d.Group.Payload))
		}
	}
}

func TestPublishRefuses(t *testing.T) {
	w := newWorld(t, 1)
	source, viewer := w.add("source", swarm.Source, nil), w.add("viewer", swarm.Viewer, nil)
	g := chunk.Group{Payload: []byte("fragment")}
	g.Time, g.Span = time.Second, 100*ms
	if err := source.engine.Publish(0, g, w.author()); !errors.Is(err, engine.ErrNoDescriptor) {
		t.Errorf("without a descriptor: %v", err)
	}
	for _, p := range w.peers {
		if err := p.engine.Describe(0, w.signed()); err != nil {
			t.Fatal(err)
		}
	}
	if err := viewer.engine.Publish(0, g, w.author()); !errors.Is(err, engine.ErrRole) {
		t.Errorf("at a viewer: %v", err)
	}
	if err := source.engine.Publish(0, g, w.author()); err != nil {
		t.Fatal(err)
	}
	g.Time = 0
	if err := source.engine.Publish(0, g, w.author()); !errors.Is(err, engine.ErrOrder) {
		t.Errorf("media time that goes back: %v", err)
	}
	g.Time = 2 * time.Second
	w.desc.Epoch = 2
	if err := source.engine.Publish(0, g, w.author()); !errors.Is(err, engine.ErrOrder) {
		t.Errorf("by the author of another epoch: %v", err)
	}
	g.Payload = nil
	if err := source.engine.Publish(0, g, w.author()); !errors.Is(err, chunk.ErrLimit) {
		t.Errorf("an empty group: %v", err)
	}
}

func TestDescribeRefuses(t *testing.T) {
	w := newWorld(t, 1)
	e := w.add("viewer", swarm.Viewer, nil).engine
	forged := w.signed()
	forged[len(forged)-1] ^= 1
	if err := e.Describe(0, forged); !errors.Is(err, chunk.ErrSignature) {
		t.Errorf("a forged descriptor: %v", err)
	}
	if err := e.Describe(0, []byte("nothing")); !errors.Is(err, chunk.ErrFormat) {
		t.Errorf("no descriptor at all: %v", err)
	}
	if err := e.Describe(0, w.signed()); err != nil {
		t.Fatal(err)
	}
	if err := e.Describe(0, w.signed()); !errors.Is(err, engine.ErrStale) {
		t.Errorf("the same again: %v", err)
	}
	w.desc.Epoch, w.desc.Authentication = 2, "rot13"
	if err := e.Describe(0, w.signed()); !errors.Is(err, engine.ErrAuthentication) {
		t.Errorf("an unknown method: %v", err)
	}
	w.desc.Authentication, w.desc.Name = "merkle", "cam2"
	if err := e.Describe(0, w.signed()); !errors.Is(err, engine.ErrStream) {
		t.Errorf("of another stream: %v", err)
	}
}
