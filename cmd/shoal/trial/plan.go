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
	seats   []*seat    // of the viewers, in the order in which they join
	helpers []*seat    // who are there from the beginning, numbered after the viewers
	faults  []sim.Fault
	outages []sim.SourceDown // in order
	plugins []time.Duration  // when the process of a plugin is killed, in order
	random  *rand.Rand       // of whom faults strike
}

// seat is the place of a viewer or a helper in the trial.
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
	case s.Stream.GOP != time.Second:
		return nil, fmt.Errorf("%w: stream.gop: the clip that is published has a key frame a second, not one in %v; set 1s", ErrScenario, s.Stream.GOP)
	case s.Viewers.Count > maxViewers:
		return nil, fmt.Errorf("%w: viewers.count: %d real viewers are not in 1..%d; shoal sim takes more", ErrScenario, s.Viewers.Count, maxViewers)
	case s.Helpers.Count > maxHelpers:
		return nil, fmt.Errorf("%w: helpers.count: %d real helpers are not in 0..%d; shoal sim takes more", ErrScenario, s.Helpers.Count, maxHelpers)
	}
	for c := range p.sim.Groups {
		class := &p.sim.Groups[c]
		for i := range class.Count {
			st := &seat{at: class.Joins(i), class: class, uplink: class.Uplink.Rate}
			if class.Kind == sim.Helper {
				p.helpers = append(p.helpers, st)
			} else {
				p.seats = append(p.seats, st)
			}
		}
	}
	slices.SortStableFunc(p.seats, func(a, b *seat) int { return cmp.Compare(a.at, b.at) })
	for i, st := range p.seats {
		st.id = i
	}
	for i, st := range p.helpers {
		st.id = len(p.seats) + i
	}
	faults := slices.Clone(p.sim.Faults)
	slices.SortStableFunc(faults, func(a, b sim.Fault) int { return cmp.Compare(sim.When(a), sim.When(b)) })
	for _, f := range faults {
		if o, ok := f.(sim.SourceDown); ok {
			p.outages = append(p.outages, o)
		} else {
			p.faults = append(p.faults, f)
		}
	}
	for _, f := range s.Occurrences() {
		for range f.Plugins {
			p.plugins = append(p.plugins, f.At)
		}
	}
	slices.Sort(p.plugins)
	return p, nil
}

// spread calls f with so many of the viewers, all if there are not more, evenly among them whatever their uplinks.
func (p *plan) spread(count int, f func(*seat)) {
	count = min(count, len(p.seats))
	for i := range count {
		f(p.seats[i*len(p.seats)/count])
	}
}

// A trial has so many at the most.
const (
	maxViewers = 2000
	maxHelpers = 200
)

// network is how bad it is for what leaves at a rate, in bytes per second; 0 for no limit.
func (p *plan) network(rate uint64) impair.Config {
	n := &p.sim.Network
	return impair.Config{
		Median: n.Median, Sigma: n.Sigma, Min: n.Min, Jitter: n.Jitter, Loss: n.Loss, Uplink: rate, Seed: p.sim.Seed,
	}
}

// who says how many there are, for people.
func (p *plan) who() string {
	text := fmt.Sprintf("%d viewers", len(p.seats))
	if len(p.helpers) > 0 {
		text += fmt.Sprintf(" and %d helpers", len(p.helpers))
	}
	return text
}

// name is how somebody of that number is called, for people.
func (p *plan) name(id int) string {
	if helper := id - len(p.seats); helper >= 0 {
		return fmt.Sprintf("helper %d", helper)
	}
	return fmt.Sprintf("viewer %d", id)
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
