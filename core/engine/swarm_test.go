package engine_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// eight runs eight viewers: viewer i takes substream i mod 4 from the source and the others from the viewers that do,
// each from two.
func eight(t testing.TB, seed uint64, loss float64) *world {
	return eightUntil(t, seed, loss, func(*world) {})
}

func eightUntil(t testing.TB, seed uint64, loss float64, happens func(*world)) *world {
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
	happens(w)
	w.publish(source, 10*time.Second, 10, func(i int) int {
		if i%10 == 0 {
			return 30_000
		}
		return 8_000
	})
	w.run(13 * time.Second)
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

func TestAPeerThatDiesWithoutAWordIsFoundAndMissedByNobody(t *testing.T) {
	w := eightUntil(t, 2, 0, func(w *world) {
		w.at(5*time.Second, func() {
			dead := w.peers[4]
			for _, p := range w.peers {
				for _, l := range p.links { // order-free: each on its own
					l.dead = l.dead || l.to == dead || p == dead
				}
			}
			dead.wake = 1 << 62
		})
	})
	for i, p := range w.peers[1:] {
		if i == 3 {
			continue
		}
		s := p.engine.Stats(w.now)
		if s.Groups.Missed > 0 {
			t.Errorf("%s missed %d groups", p.name, s.Groups.Missed)
		}
		for _, l := range s.Links {
			if l.Peer == w.peers[4].id() {
				t.Errorf("%s still counts on the dead one", p.name)
			}
		}
	}
}

func TestThoseFarFromTheSourceKnowItsClock(t *testing.T) {
	w := newWorld(t, 1)
	source := w.add("source", swarm.Source, nil)
	if err := source.engine.Describe(0, w.signed()); err != nil {
		t.Fatal(err)
	}
	wrong := func(c *engine.Config) { c.Wall += 5_000_000 } // its clock is five seconds ahead
	near, far := w.add("near", swarm.Viewer, wrong), w.add("far", swarm.Viewer, wrong)
	for _, p := range w.peers {
		p.policy = mesh(func(_ *scheduler.View, l *scheduler.Link) uint64 {
			if l.Role == swarm.Source || p == far {
				return ^uint64(0)
			}
			return 0
		})
	}
	w.connect(near, source, 30*ms, 0)
	w.run(200 * ms)
	w.connect(far, near, 10*ms, 0)
	w.publish(source, 3*time.Second, 10, func(int) int { return 5000 })
	w.run(4 * time.Second)
	for p, want := range map[*peer]time.Duration{near: 30 * ms, far: 40 * ms} { // order-free: each on its own
		s := p.engine.Stats(w.now)
		if s.Clock < want || s.Clock > want+5*ms {
			t.Errorf("%s: the estimate may be wrong by %v, want %v", p.name, s.Clock, want)
		}
		if got := s.Delay.Quantile(0.5) / 1000; got < 28 || got > 50 {
			t.Errorf("%s: delay %v ms", p.name, got)
		}
	}
}

func TestALinkTooNarrowForTheStreamIsToldOfOnce(t *testing.T) {
	w := newWorld(t, 1)
	source, viewer := w.add("source", swarm.Source, nil), w.add("viewer", swarm.Viewer, nil)
	if err := source.engine.Describe(0, w.signed()); err != nil {
		t.Fatal(err)
	}
	source.policy, viewer.policy = mesh(fromSource), mesh(fromSource)
	source.engine.PeerUp(0, engine.Peer{Link: 1, Peer: viewer.id(), Dialed: scheduler.There, MaxFrame: 600})
	viewer.engine.PeerUp(0, engine.Peer{Link: 2, Peer: source.id(), Dialed: scheduler.Here, MaxFrame: 600})
	source.links[1] = &wire{to: viewer, there: 2}
	viewer.links[2] = &wire{to: source, there: 1}
	source.settle()
	viewer.settle()
	w.publish(source, time.Second, 10, func(int) int { return 5000 })
	w.run(2 * time.Second)
	told := 0
	for _, e := range source.events {
		if p, ok := e.(event.PartFailed); ok && strings.Contains(p.Cause, "chunkSize") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("told %d times", told)
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
