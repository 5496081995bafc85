// Package schedulers_test puts every policy into the same small swarms of core/sim, in virtual time and by fixed seeds, and
// holds it to figures.
package schedulers_test

import (
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/sim"
	"github.com/shoal-live/shoal/plugins/schedulers/clubs"
	"github.com/shoal-live/shoal/plugins/schedulers/edf"
	"github.com/shoal-live/shoal/plugins/schedulers/latest"
	"github.com/shoal-live/shoal/plugins/schedulers/rarest"
	"github.com/shoal-live/shoal/plugins/schedulers/substream"
)

// policy is one row of the comparison.
type policy struct {
	name string
	make scheduler.Factory
}

func policies() []policy {
	return []policy{
		{"substream", substream.New}, {"clubs", clubs.New}, {"latest", latest.New}, {"rarest", rarest.New}, {"edf", edf.New},
	}
}

// loopback is n viewers of 1 Mb/s that join over a second, on a network like loopback, with uplinks that know no limit.
func (p policy) loopback(n int) sim.Config {
	return sim.Config{
		Seed: 1, Duration: 12 * time.Second, Policy: p.make, PolicyName: p.name,
		Groups: []sim.Class{{Count: n, Over: time.Second}},
	}
}

// wide is the same between homes: 40 ms at the median one way, and one frame in a hundred lost.
func (p policy) wide(n int) sim.Config {
	cfg := p.loopback(n)
	cfg.Network = sim.Network{
		Median: 40 * time.Millisecond, Sigma: 0.5, Min: 5 * time.Millisecond, Jitter: 2 * time.Millisecond, Loss: 0.01,
	}
	return cfg
}

// homes is wide with index times the uplink that n viewers need, in the classes that people have it in, who know it. All
// join over 8 of its 24 seconds.
func (p policy) homes(n int, index float64) sim.Config {
	const wire = 1_250_000 / 8 // bytes per second of the stream with its headers
	const source = 4.5
	cfg := p.wide(n)
	cfg.Duration = 24 * time.Second
	cfg.Source = known(source * wire)
	cfg.Groups = nil
	each := (index - source/float64(n)) / 1.37 // the mean of the classes
	for _, c := range []struct{ share, rate float64 }{{0.15, 0}, {0.35, 0.7}, {0.35, 1.5}, {0.15, 4}} {
		class := sim.Class{Count: int(c.share*float64(n) + 0.5), Over: 8 * time.Second, Uplink: known(each * c.rate * wire)}
		if c.rate == 0 {
			class.Uplink = sim.Uplink{Rate: sim.None}
		}
		cfg.Groups = append(cfg.Groups, class)
	}
	return cfg
}

// known is an uplink of so many bytes per second that its owner has configured.
func known(rate float64) sim.Uplink { return sim.Uplink{Rate: uint64(rate), Cap: uint64(rate)} }
