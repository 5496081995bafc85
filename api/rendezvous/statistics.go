package rendezvous

import (
	"math"

	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// finite bounds what a peer says of itself: it may be wrong, or lie, and is shown and summed all the same.
func finite(s node.Statistics) node.Statistics {
	const most = 1e12 // a terabit, or thirty years in milliseconds
	for _, f := range []*float64{&s.DelayMS, &s.DelayP99MS, &s.PlayoutMS, &s.BufferMS, &s.DownBps, &s.UpBps, &s.CapBps} {
		*f = within(*f, most)
	}
	s.FromSource, s.Continuity = within(s.FromSource, 1), within(s.Continuity, 1)
	s.Neighbours = min(max(s.Neighbours, 0), 1<<16)
	return s
}

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
