package engine_test

import (
	"testing"
	"time"

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
