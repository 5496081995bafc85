package scenario

import (
	"fmt"
	"slices"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/core/budget"
	"github.com/shoal-live/shoal/core/chunk"
)

// checkRates checks what the rates are in all, see Simulation.
func (s *Scenario) checkRates() *wrong {
	stream := s.base().WireRate()
	for _, u := range []struct {
		key  string
		rate Rate
	}{{"source.uplink", s.Source.Uplink}, {"helpers.uplink", s.Helpers.Uplink}} {
		if bytes := u.rate.bytes(stream); u.rate != (Rate{}) && (bytes < budget.MinCap || bytes > budget.MaxCap) {
			return bad(u.key, "%s is %.3g bits per second, not in %v..%v", u.rate, 8*bytes, config.Rate(8*budget.MinCap), config.Rate(8*budget.MaxCap))
		}
	}
	if s.Viewers.ResourceIndex == 0 {
		return nil
	}
	const key = "viewers.resourceIndex"
	switch given := s.given(stream) / (float64(s.Viewers.Count) * stream); {
	case s.Source.Uplink == (Rate{}):
		return bad(key, "there is none while source.uplink is 0, which has no limit: give the source a rate, or leave resourceIndex out")
	case s.uplinks(stream) == 0:
		return bad(key, "no viewer has an uplink that could be scaled: give one of viewers.uplinks a rate, or leave resourceIndex out")
	case given >= s.Viewers.ResourceIndex:
		return bad(key, "%v is less than source and helpers alone give, %.3g: raise it, lower their uplinks, or leave it out",
			s.Viewers.ResourceIndex, given)
	}
	return nil
}

// checkGroups checks that every group can be sliced.
func (s *Scenario) checkGroups() *wrong {
	const chunks = chunk.MaxChunks / 2 // parity wants numbers too
	limit := min(chunk.MaxGroupSize, chunks*float64(s.Stream.ChunkSize))
	base := s.base().Stream
	most, key := 0.0, "stream.bitrate"
	if len(s.sizes) > 0 {
		most, key = float64(slices.Max(s.sizes)), "stream.trace"
	} else {
		every := float64(max(int(s.Stream.GOP/s.Stream.Group), 1))
		plain := float64(s.Stream.Bitrate) / 8 * s.Stream.Group.Seconds() * every / (every - 1 + float64(s.Stream.KeyFrame))
		most = max(plain, plain*float64(s.Stream.KeyFrame))
	}
	for i, p := range s.Streams {
		if share := most * float64(p.Bitrate) / float64(base.Mean()); share > limit {
			most, key = share, fmt.Sprintf("streams[%d].bitrate", i)
		}
	}
	if most > limit {
		return bad(key, "a group would have %.0f bytes, at most %.0f can be sliced: choose shorter groups, a lower rate or larger chunks", most, limit)
	}
	return nil
}
