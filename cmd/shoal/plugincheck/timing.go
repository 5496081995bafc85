package plugincheck

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/host"
)

// How much is measured.
const (
	startCount   = 10
	callCount    = 1000
	stepCount    = 500
	largestTries = 5
	measureTime  = 30 * time.Second // for all of it
)

// measure times the plugin. What cannot be measured is among the problems.
func measure(ctx context.Context, h *host.Host, j *Job) *Timing {
	ctx, stop := context.WithTimeout(ctx, measureTime)
	defer stop()
	t := &Timing{}
	part := func(what string, f func() error) {
		if err := f(); err != nil {
			t.Problems = append(t.Problems, what+": "+err.Error())
		}
	}
	part("start", func() (err error) { t.Ready, err = measureStart(ctx, h, j); return err })
	part("call", func() (err error) { t.Call, err = measureCall(ctx, h, j); return err })
	switch j.Kind {
	case bridge.KindPolicy:
		part("policy", func() (err error) { t.Policy, err = measurePolicy(ctx, h, j); return err })
	case bridge.KindTransport:
		part("transport", func() (err error) { t.Carrying, err = measureTransport(ctx, h, j); return err })
	case bridge.KindIngest, bridge.KindEgress: // media decides how fast those are
	}
	return t
}

func measureStart(ctx context.Context, h *host.Host, j *Job) (*Spread, error) {
	var all []time.Duration
	for range startCount {
		i, err := h.Inspect(ctx, j.spec())
		if err != nil {
			return nil, err
		}
		all = append(all, i.Ready)
		i.End()
	}
	return spread(all), nil
}

func measureCall(ctx context.Context, h *host.Host, j *Job) (*Spread, error) {
	i, err := h.Inspect(ctx, j.spec())
	if err != nil {
		return nil, err
	}
	defer i.End()
	all := make([]time.Duration, callCount)
	for k := range all {
		began := time.Now()
		if err := i.Ask(ctx); err != nil {
			return nil, err
		}
		all[k] = time.Since(began)
	}
	return spread(all), nil
}

func measurePolicy(ctx context.Context, h *host.Host, j *Job) (*PolicyTiming, error) {
	p, err := h.Policy(ctx, j.spec(), j.Params)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	batch := &scheduler.Batch{Revision: 1, Snapshot: true, Changes: neighbourhood()}
	p.Step(batch)
	step := func(changes []scheduler.Change) time.Duration {
		batch = &scheduler.Batch{Revision: batch.Revision + 1, Now: batch.Now + 10*time.Millisecond, Changes: changes}
		began := time.Now()
		p.Step(batch)
		return time.Since(began)
	}
	all := make([]time.Duration, stepCount)
	for k := range all {
		all[k] = step(nil)
	}
	changes := largest()
	best := time.Duration(math.MaxInt64)
	for range largestTries { // the machine may be busy
		best = min(best, step(changes))
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	return &PolicyTiming{Step: spread(all), Largest: milliseconds(best), Changes: len(changes)}, nil
}

// neighbours is how many links the policy that is timed has.
const neighbours = 100

// neighbourhood is a viewer with many links.
func neighbourhood() []scheduler.Change {
	all := []scheduler.Change{
		scheduler.Stream{
			Self: swarm.PeerID{0xaa}, Role: swarm.Viewer, Epoch: 1, Substreams: 16, Rate: 150_000, ChunkWire: 1150,
			GroupSpan: 50 * time.Millisecond, MaxLinks: 32, Seed: 1,
		},
		scheduler.Capacity{Measured: 1_000_000, Shown: true},
	}
	for i := range neighbours {
		all = append(all, scheduler.LinkUp{
			Link: swarm.LinkID(i + 1), Peer: swarm.PeerID{byte(i + 1)}, Role: swarm.Viewer, Dialed: scheduler.Here,
			Status: swarm.Status{Relays: 0xffff, Spare: 100_000, Playing: 1, Delay: 50}, RTT: 5 * time.Millisecond, MaxLinks: 32,
		})
	}
	return all
}

// largest is as many changes as a batch holds, about those links.
func largest() []scheduler.Change {
	all := make([]scheduler.Change, scheduler.MaxChanges)
	for i := range all {
		link := swarm.LinkID(i%neighbours + 1)
		if i%4 == 0 {
			all[i] = scheduler.LinkMeasured{Link: link, RTT: time.Duration(i%20+1) * time.Millisecond}
		} else {
			all[i] = scheduler.SubstreamMeasured{Link: link, Substream: i % 16, Samples: 4, Lateness: time.Duration(i%50) * time.Millisecond}
		}
	}
	return all
}

// spread sums up what was measured; all is sorted by it.
func spread(all []time.Duration) *Spread {
	slices.Sort(all)
	at := func(q float64) float64 {
		if len(all) == 0 {
			return 0
		}
		return milliseconds(all[max(0, int(math.Ceil(q*float64(len(all))))-1)])
	}
	return &Spread{P50: at(0.5), P95: at(0.95), P99: at(0.99), Count: len(all)}
}

// String is the spread for people; the 99th percentile only where there is one.
func (s *Spread) String() string {
	text := fmt.Sprintf("p50 %s, p95 %s", short(s.P50), short(s.P95))
	if s.Count >= 100 {
		text += ", p99 " + short(s.P99)
	}
	return fmt.Sprintf("%s (%d times)", text, s.Count)
}

// short is a time in milliseconds for people.
func short(ms float64) string {
	switch {
	case ms >= 1000:
		return fmt.Sprintf("%.1f s", ms/1000)
	case ms >= 10:
		return fmt.Sprintf("%.0f ms", ms)
	case ms >= 1:
		return fmt.Sprintf("%.1f ms", ms)
	}
	return fmt.Sprintf("%.0f us", 1000*ms)
}
