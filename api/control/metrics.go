package control

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/core/swarm"
)

// collector reads the state when it is scraped; nothing is counted twice. A node that has ended has no figures of its own.
type collector struct{ state State }

func newCollector(s State) collector { return collector{s} }

// Describe sends the descriptions of all metrics.
func (c collector) Describe(out chan<- *prometheus.Desc) {
	for _, m := range nodeMetrics {
		out <- m.desc
	}
	for _, m := range streamMetrics {
		out <- m.desc
	}
	for _, d := range otherDescs {
		out <- d
	}
}

// emitter sends measures.
type emitter chan<- prometheus.Metric

// value sends one measure. Labels come from configuration and from peers: what is no UTF-8 is replaced.
func (e emitter) value(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
	for i, l := range labels {
		labels[i] = strings.ToValidUTF8(l, "\uFFFD")
	}
	if m, err := prometheus.NewConstMetric(d, kind, v, labels...); err == nil {
		e <- m
	}
}

// delayBounds are upper bounds in seconds: about a third apart where delays are, and where alerts draw their lines.
var delayBounds = [...]float64{0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10}

// histogram sends a report's histogram.
func (e emitter) histogram(d *prometheus.Desc, h *report.Histogram, stream string) {
	buckets := make(map[float64]uint64, len(delayBounds))
	for _, b := range delayBounds {
		buckets[b] = h.AtMost(int64(b * 1e6))
	}
	m, err := prometheus.NewConstHistogram(d, h.Count(), h.Sum()/1e6, buckets, strings.ToValidUTF8(stream, "\uFFFD"))
	if err == nil {
		e <- m
	}
}

// Collect measures now.
func (c collector) Collect(out chan<- prometheus.Metric) {
	e := emitter(out)
	info := c.state.Info()
	e.value(buildInfo, gauge, 1, info.Version)
	e.value(ready, gauge, truth(c.state.Ready()))
	e.value(busUp, gauge, truth(info.BusUp))
	for _, s := range c.state.Streams() {
		e.audience(&s)
	}
	e.plugins(c.state.Plugins())
	st, err := c.state.Stats()
	if err != nil {
		return
	}
	for _, m := range nodeMetrics {
		e.value(m.desc, m.kind, m.of(&st))
	}
	for i := range st.Streams {
		s := &st.Streams[i]
		for _, m := range streamMetrics {
			e.value(m.desc, m.kind, m.of(s), s.Name)
		}
		e.stream(s)
	}
}

// arm sends how the viewers of one policy fare.
func (e emitter) arm(stream string, a *Arm) {
	e.value(armViewers, gauge, float64(a.Playing), stream, a.Policy)
	e.value(armDelay, gauge, a.DelayP50MS/1000, stream, a.Policy, "0.5")
	e.value(armDelay, gauge, a.DelayP95MS/1000, stream, a.Policy, "0.95")
	e.value(armOffload, gauge, a.FromPeers, stream, a.Policy)
	e.value(armContinuity, gauge, a.Continuity, stream, a.Policy)
}

// audience sends what the rendezvous knows of a stream.
func (e emitter) audience(s *Stream) {
	e.value(viewers, gauge, float64(s.Viewers), s.Name)
	e.value(streamLive, gauge, truth(s.State == "live"), s.Name)
	a := s.Audience
	if a == nil {
		return
	}
	e.value(viewersPlaying, gauge, float64(a.Playing), s.Name)
	if a.Playing > 0 { // else there is nothing to take a share of
		e.value(audienceDelay, gauge, a.DelayP50MS/1000, s.Name, "0.5")
		e.value(audienceDelay, gauge, a.DelayP95MS/1000, s.Name, "0.95")
		e.value(audienceOffload, gauge, a.FromPeers, s.Name)
		e.value(audienceContinuity, gauge, a.Continuity, s.Name)
		for i := range a.Policies {
			e.arm(s.Name, &a.Policies[i])
		}
	}
}

// stream sends what has more labels than the stream, or is not of every role.
func (e emitter) stream(s *node.StreamStats) {
	c, g := &s.Engine.Chunks, &s.Engine.Groups
	for _, k := range []struct {
		kind string
		n    uint64
	}{
		{"useful", c.Useful - min(c.Repair, c.Useful)}, {"repair", c.Repair}, {"parity", c.Parity}, {"duplicate", c.Duplicate},
		{"forged", c.Forged}, {"unproven", c.Unproven}, {"malformed", c.Malformed},
	} {
		e.value(chunks, counter, float64(k.n), s.Name, k.kind)
	}
	e.value(groups, counter, float64(g.Complete), s.Name, "complete")
	e.value(groups, counter, float64(g.Missed), s.Name, "missed")
	sent := &s.Engine.Sent
	e.value(sentChunks, counter, float64(sent.Chunks), s.Name, "sent")
	e.value(sentChunks, counter, float64(sent.Expired), s.Name, "expired")
	e.value(sentChunks, counter, float64(sent.Dropped), s.Name, "dropped")
	e.value(sentChunks, counter, float64(sent.Full), s.Name, "refused")
	if s.Role == swarm.Source {
		e.value(sourceEgress, counter, float64(sent.ChunkBytes+sent.ControlBytes), s.Name)
		return
	}
	e.histogram(delay, &s.Engine.Delay, s.Name)
	e.histogram(playoutDelay, &s.Engine.Playout, s.Name)
}

func truth(b bool) float64 { //nolint:revive // it converts the flag, it is not steered by it
	if b {
		return 1
	}
	return 0
}
