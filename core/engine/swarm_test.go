package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// eight runs eight viewers: viewer i takes substream i mod 4 from the source and the others from the viewers that do,
// each from two.
func eight(t testing.TB, seed uint64, loss float64) *world {
	w := newWorld(t, seed)
	source := w.add("source", swarm.Source, nil)
	source.policy = mesh(fromSource)
	if err := source.engine.Describe(0, w.signed()); err != nil {
		t.Fatal(err)
	}
	number := map[swarm.PeerID]int{}
	var viewers []*peer
	for i := range 8 {
		p := w.add(fmt.Sprintf("viewer%d", i), swarm.Viewer, nil)
		number[p.id()] = i
		viewers = append(viewers, p)
		p.policy = mesh(func(_ *scheduler.View, l *scheduler.Link) uint64 {
			if l.Role == swarm.Source {
				return 1 << (i % 4)
			}
			return 1 << (number[l.Peer] % 4) &^ (1 << (i % 4))
		})
	}
	for i, p := range viewers {
		w.at(time.Duration(max(i-3, 0))*700*ms, func() {
			w.connect(p, source, 20*ms, loss)
			for _, o := range viewers[:i] {
				w.connect(p, o, 15*ms, loss)
			}
		})
	}
	w.publish(source, 10*time.Second, 10, func(i int) int {
		if i%10 == 0 {
			return 30_000
		}
		return 8_000
	})
	w.run(12 * time.Second)
	return w
}

func TestAllChunksReachAllViewers(t *testing.T) {
	w := eight(t, 1, 0.01)
	for _, p := range w.peers[1:] {
		s := p.engine.Stats(w.now)
		t.Logf("%s groups %+v useful %d dup %d repair %d unproven %d from source %d%% delay p50 %.0f p99 %.0f startup %v target %v sent %d expired %d control %d/%d",
			p.name, s.Groups, s.Chunks.Useful, s.Chunks.Duplicate, s.Chunks.Repair, s.Chunks.Unproven, s.Chunks.FromSource*100/s.Chunks.UsefulBytes,
			s.Delay.Quantile(0.5)/1000, s.Delay.Quantile(0.99)/1000, s.Startup, s.Target, s.Sent.Chunks, s.Sent.Expired, s.Sent.ControlBytes, s.Sent.ChunkBytes)
		if s.Groups.Missed > 0 || s.Groups.Complete < 75 {
			t.Errorf("%s played %d groups and missed %d", p.name, s.Groups.Complete, s.Groups.Missed)
		}
		if last := p.delivered[len(p.delivered)-1].Group.Group; last != 99 {
			t.Errorf("%s ended at group %d", p.name, last)
		}
	}
}

func TestEqualInputsGiveEqualOutputs(t *testing.T) {
	if a, b := eight(t, 3, 0.05).digest(), eight(t, 3, 0.05).digest(); a != b {
		t.Errorf("one seed, two outcomes: %s, %s", a, b)
	}
}

func TestAnEngineRefusesAConfigThatNamesTheField(t *testing.T) {
	for field, cfg := range map[string]engine.Config{
		"Budget":          {},
		"Authentications": {Budget: endless{}},
	} {
		if _, err := engine.New(cfg); err == nil {
			t.Errorf("%s: accepted", field)
		}
	}
}
