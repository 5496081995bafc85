package rendezvous

import (
	"math"

	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// finite bounds what a peer says of itself, for it may be wrong, or lie, and is shown and summed all the same; and leaves off
// the digits that nobody reads.
func finite(s node.Statistics) node.Statistics {
	const most = 1e12 // a terabit, or thirty years in milliseconds
	for _, f := range []*float64{&s.DelayMS, &s.DelayP99MS, &s.PlayoutMS, &s.BufferMS} {
		*f = math.Round(within(*f, most)*10) / 10
	}
	for _, f := range []*float64{&s.DownBps, &s.UpBps, &s.CapBps} {
		*f = math.Round(within(*f, most))
	}
	for _, f := range []*float64{&s.FromSource, &s.Continuity} {
		*f = math.Round(within(*f, 1)*1e5) / 1e5
	}
	s.Policy = s.Policy[:min(len(s.Policy), maxLabel)]
	s.Linked, s.Failed = min(s.Linked, mostDials), min(s.Failed, mostDials)
	s.Neighbours = min(max(s.Neighbours, 0), 1<<16)
	return s
}

// mostDials is how many dials of a peer are believed.
const mostDials = 1 << 20

// maxLabel is how long a policy's label may be, in bytes.
const maxLabel = 256

// within is v between 0 and most; what is no number counts as 0.
func within(v, most float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return min(max(v, 0), most)
}

// toReport is a report as it travels.
func toReport(s node.Statistics) *message {
	s = finite(s)
	m := &message{Type: "report", Report: &s}
	for _, f := range s.Feeds[:min(len(s.Feeds), MaxFeeds)] {
		m.Feeds = append(m.Feeds, f.Text())
	}
	return m
}

// fromReport is what toReport was given; feeds that are no peers are left out.
func fromReport(m *message) node.Statistics {
	s := finite(*m.Report)
	s.Feeds = nil
	for _, f := range m.Feeds[:min(len(m.Feeds), MaxFeeds)] {
		if p, err := swarm.ParsePeerID(f); err == nil {
			s.Feeds = append(s.Feeds, p)
		}
	}
	return s
}
