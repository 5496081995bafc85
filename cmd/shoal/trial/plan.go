package trial

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/scenario"
	"github.com/shoal-live/shoal/core/sim"
	"github.com/shoal-live/shoal/transports/quic/impair"
)

// plan is what is to happen.
type plan struct {
	sim     sim.Config // of the scenario
	seats   []*seat    // in the order in which they join
	faults  []sim.Fault
	outages []scenario.Outage // of the source, in order
	random  *rand.Rand        // of whom faults strike
}

// seat is one viewer's place in the trial.
type seat struct {
	id      int // from 0
	at      time.Duration
	class   *sim.Class
	uplink  uint64 // bytes per second, now; 0 for no limit
	vice    sim.Vice
	process bool // its plugins are processes
	record  bool // what it plays out is compared
	present bool
	ended   bool
	left    time.Time // when it ended
}

// newPlan makes the plan of a scenario. Errors: ErrScenario, for what a trial cannot do.
func newPlan(s *scenario.Scenario) (*plan, error) {
	p := &plan{sim: s.Simulation(), random: rand.New(rand.NewPCG(s.Seed, 0x747269616c))}
	switch {
	case len(s.Streams) > 1:
		return nil, fmt.Errorf("%w: streams: a trial has one stream, not %d; leave streams out", ErrScenario, len(s.Streams))
	case s.Helpers.Count > 0:
		return nil, fmt.Errorf("%w: helpers.count: a trial has no helpers yet; set it to 0", ErrScenario)
	case s.Stream.GOP != time.Second:
		return nil, fmt.Errorf("%w: stream.gop: the clip that is published has a key frame a second, not one in %v; set 1s", ErrScenario, s.Stream.GOP)
	case s.Viewers.Count > maxViewers:
		return nil, fmt.Errorf("%w: viewers.count: %d real viewers are not in 1..%d; shoal sim takes more", ErrScenario, s.Viewers.Count, maxViewers)
	}
	for c := range p.sim.Groups {
		class := &p.sim.Groups[c]
		for i := range class.Count {
			p.seats = append(p.seats, &seat{at: class.Joins(i), class: class, uplink: class.Uplink.Rate})
		}
	}
	slices.SortStableFunc(p.seats, func(a, b *seat) int { return cmp.Compare(a.at, b.at) })
	for i, st := range p.seats {
		st.id = i
	}
	p.faults = slices.Clone(p.sim.Faults)
	slices.SortStableFunc(p.faults, func(a, b sim.Fault) int { return cmp.Compare(sim.When(a), sim.When(b)) })
	p.outages = s.Outages()
	slices.SortFunc(p.outages, func(a, b scenario.Outage) int { return cmp.Compare(a.At, b.At) })
	return p, nil
}

// spread calls f with so many of the viewers, all if there are not more, evenly among them whatever their uplinks.
func (p *plan) spread(count int, f func(*seat)) {
	count = min(count, len(p.seats))
	for i := range count {
		f(p.seats[i*len(p.seats)/count])
	}
}

// maxViewers bounds the viewers of a trial.
const maxViewers = 2000

// network is how bad it is for what leaves at a rate, in bytes per second; 0 for no limit.
func (p *plan) network(rate uint64) impair.Config {
	n := &p.sim.Network
	return impair.Config{
		Median: n.Median, Sigma: n.Sigma, Min: n.Min, Jitter: n.Jitter, Loss: n.Loss, Uplink: rate, Seed: p.sim.Seed,
	}
}

// present are the viewers that take part.
func (p *plan) present() []*seat {
	var list []*seat
	for _, st := range p.seats {
		if st.present {
			list = append(list, st)
		}
	}
	return list
}

// expected are the viewers that take part or will.
func (p *plan) expected() []*seat {
	var list []*seat
	for _, st := range p.seats {
		if !st.ended {
			list = append(list, st)
		}
	}
	return list
}

// draw picks a share of the viewers, which it shuffles.
func (p *plan) draw(share float64, list []*seat) []*seat {
	p.random.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list[:int(share*float64(len(list))+0.5)]
}

// corrupt gives a share of the viewers a vice, as far as there are honest ones, and answers who has it now.
func (p *plan) corrupt(share float64, v sim.Vice) []*seat {
	all := p.expected()
	left := len(p.draw(share, all)) // which shuffles them all
	var list []*seat
	for _, st := range all {
		if st.vice == sim.Honest && left > 0 {
			st.vice = v
			left--
			list = append(list, st)
		}
	}
	return list
}
