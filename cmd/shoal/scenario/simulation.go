package scenario

import (
	"math"
	"slices"

	"github.com/shoal-live/shoal/core/sim"
)

// Simulation is the scenario for core/sim, without the policy. The caller may change it.
func (s *Scenario) Simulation() sim.Config {
	cfg := s.base()
	stream := cfg.WireRate()
	cfg.Source = known(s.Source.Uplink.bytes(stream))
	scale := s.scale(stream)
	left := s.Viewers.Count
	for _, j := range s.Join {
		left -= j.Count
	}
	gone, come := s.churn()
	for _, j := range slices.Concat(s.Join, come) {
		if j.Count == 0 {
			j.Count = left
		}
		for i, n := range s.split(j.Count) {
			if n == 0 {
				continue
			}
			rate := max(scale*s.Viewers.Uplinks[i].Rate.bytes(stream), sim.None)
			cfg.Groups = append(cfg.Groups, sim.Class{
				Count: n, At: j.At, Over: j.Over, Uplink: sim.Uplink{Rate: uint64(rate)}, Cohort: "uplink " + s.Viewers.Uplinks[i].Rate.short(),
			})
		}
	}
	if s.Helpers.Count > 0 {
		cfg.Groups = append(cfg.Groups, sim.Class{Count: s.Helpers.Count, Kind: sim.Helper, Uplink: known(s.Helpers.Uplink.bytes(stream))})
	}
	for _, f := range s.Occurrences() {
		cfg.Faults = append(cfg.Faults, f.events()...)
	}
	cfg.Faults = append(cfg.Faults, gone...)
	return cfg
}

// base is what of the simulation needs no arithmetic.
func (s *Scenario) base() sim.Config {
	n := &s.Network
	cfg := sim.Config{
		Seed: s.Seed, Duration: s.Duration, Copies: float64(s.Source.Copies),
		Stream: sim.Stream{
			Bitrate: uint64(s.Stream.Bitrate), ChunkSize: s.Stream.ChunkSize, Group: s.Stream.Group, GOP: s.Stream.GOP,
			Parity: s.Stream.Parity.Percent(), KeyFrame: float64(s.Stream.KeyFrame), Trace: slices.Clone(s.sizes),
		},
		Network: sim.Network{
			Median: n.Latency.Median, Sigma: n.Latency.Sigma, Min: n.Latency.Min, Jitter: n.Jitter, Loss: float64(n.Loss),
		},
	}
	for _, p := range s.Streams {
		cfg.Streams = append(cfg.Streams, sim.Share{Weight: p.Weight, Bitrate: uint64(p.Bitrate)})
	}
	return cfg
}

// known is an uplink of so many bytes per second that its owner has configured.
func known(rate float64) sim.Uplink { return sim.Uplink{Rate: uint64(rate), Cap: uint64(rate)} }

func (f *Fault) events() []sim.Fault {
	var events []sim.Fault
	if f.Kill > 0 {
		events = append(events, sim.Kill{At: f.At, Share: float64(f.Kill)})
	}
	if f.Leave > 0 {
		events = append(events, sim.Leave{At: f.At, Share: float64(f.Leave)})
	}
	if f.FreeRiders > 0 {
		events = append(events, sim.FreeRide{At: f.At, Share: float64(f.FreeRiders)})
	}
	if f.Poison > 0 {
		events = append(events, sim.Poison{At: f.At, Share: float64(f.Poison)})
	}
	if f.Slow.Share > 0 {
		events = append(events, sim.Slow{At: f.At, Share: float64(f.Slow.Share), Rate: float64(f.Slow.Rate)})
	}
	if f.SourceDown > 0 {
		events = append(events, sim.SourceDown{At: f.At, For: f.SourceDown})
	}
	return events
}

// split is how many of n viewers have each of the uplinks: the shares rounded, so that they are n together.
func (s *Scenario) split(n int) []int {
	counts := make([]int, len(s.Viewers.Uplinks))
	all, before := 0.0, 0
	for i, u := range s.Viewers.Uplinks {
		all += float64(u.Share)
		upTo := min(int(math.Round(all*float64(n))), n)
		if i == len(counts)-1 {
			upTo = n // the shares may miss 100 % by a rounding
		}
		counts[i] = upTo - before
		before = upTo
	}
	return counts
}

// uplinks are those of all viewers together, in bytes per second, before they are scaled.
func (s *Scenario) uplinks(stream float64) float64 {
	sum := 0.0
	for i, n := range s.split(s.Viewers.Count) {
		sum += float64(n) * s.Viewers.Uplinks[i].Rate.bytes(stream)
	}
	return sum
}

// scale is by what the viewers' uplinks are multiplied to reach the resource index: (source + helpers + viewers) / (viewers x
// stream), all on the wire.
func (s *Scenario) scale(stream float64) float64 {
	if s.Viewers.ResourceIndex == 0 {
		return 1
	}
	return (s.Viewers.ResourceIndex*float64(s.Viewers.Count)*stream - s.given(stream)) / s.uplinks(stream)
}

// given are the uplinks that are not scaled: of source and helpers, in bytes per second.
func (s *Scenario) given(stream float64) float64 {
	return s.Source.Uplink.bytes(stream) + float64(s.Helpers.Count)*s.Helpers.Uplink.bytes(stream)
}
