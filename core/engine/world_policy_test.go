package engine_test

import (
	"encoding/hex"
	"slices"
	"testing"

	"github.com/shoal-live/shoal/core/budget"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// mesh is a policy: subscribe eagerly to what feeder tells of each neighbour, push to all that subscribe, announce
// to everybody.
func mesh(feeder func(v *scheduler.View, l *scheduler.Link) uint64) func(*scheduler.Batch) scheduler.Answer {
	var v scheduler.View
	asked := map[swarm.LinkID]uint64{}
	return func(b *scheduler.Batch) scheduler.Answer {
		if b.Snapshot {
			clear(asked)
		}
		v.Apply(b)
		a := scheduler.Answer{Revision: b.Revision}
		if v.Stream.Substreams == 0 {
			return a
		}
		for _, l := range v.Links {
			if l.Announce == 0 {
				a.Actions = append(a.Actions, scheduler.Announce{Link: l.Link, Every: 100 * ms})
			}
			if want := feeder(&v, l) &^ asked[l.Link] & v.All(); want != 0 {
				asked[l.Link] |= want
				a.Actions = append(a.Actions, scheduler.Subscribe{Link: l.Link, Substreams: want, Mode: swarm.Eager})
			}
		}
		for k := range v.Pushes {
			var to []scheduler.Target
			for _, l := range v.Links {
				if l.Out(swarm.Eager)&(1<<k) != 0 {
					to = append(to, scheduler.Target{Link: l.Link, Class: scheduler.ClassInterior})
				}
			}
			if !slices.Equal(to, v.Pushes[k]) {
				a.Actions = append(a.Actions, scheduler.Push{Substream: k, To: to})
			}
		}
		v.Did(a.Actions)
		return a
	}
}

func fromSource(_ *scheduler.View, l *scheduler.Link) uint64 {
	if l.Role == swarm.Source {
		return ^uint64(0)
	}
	return 0
}

func capped(t testing.TB, bytesPerSecond uint64) budget.Source {
	a, err := budget.New(budget.Config{Cap: bytesPerSecond})
	if err != nil {
		t.Fatal(err)
	}
	return a.Share(1)
}

func (w *world) digest() string { return hex.EncodeToString(w.sum.Sum(nil)) }
