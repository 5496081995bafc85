package control

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/shoal-live/shoal/core/node"
)

// collector reads the state when it is scraped; nothing is counted twice.
type collector struct {
	state State
	descs []*prometheus.Desc
	nodes []metric[*node.Stats]
	each  []metric[*node.StreamStats]
}

// metric is one row of the tables below.
type metric[T any] struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	of   func(T) float64
}

const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue

func newCollector(s State) *collector {
	c := &collector{state: s}
	whole := func(name string, kind prometheus.ValueType, help string, of func(*node.Stats) float64) {
		d := prometheus.NewDesc("shoal_"+name, help, nil, nil)
		c.nodes = append(c.nodes, metric[*node.Stats]{d, kind, of})
	}
	stream := func(name string, kind prometheus.ValueType, help string, of func(*node.StreamStats) float64) {
		d := prometheus.NewDesc("shoal_"+name, help, []string{"stream"}, nil)
		c.each = append(c.each, metric[*node.StreamStats]{d, kind, of})
	}
	whole("sent_bytes_total", counter, "Wire bytes that left this node, all of them.", func(s *node.Stats) float64 { return float64(s.Sent) })
	whole("received_bytes_total", counter, "Wire bytes that reached this node.", func(s *node.Stats) float64 { return float64(s.Received) })
	whole("uplink_cap_bytes_per_second", gauge, "Cap of what leaves this node; 0 for none.", func(s *node.Stats) float64 { return float64(s.Cap) })
	whole("uplink_max_bytes_in_one_second", gauge, "Greatest number of wire bytes that left in any one second.", func(s *node.Stats) float64 { return float64(s.Most1s) })
	whole("links", gauge, "Links that are up.", func(s *node.Stats) float64 { return float64(s.Links) })
	whole("inbox_dropped_total", counter, "Frames and calls that found the node's inbox full.", func(s *node.Stats) float64 { return float64(s.Dropped) })

	stream("neighbours", gauge, "Neighbours on the stream.", func(s *node.StreamStats) float64 { return float64(len(s.Engine.Links)) })
	stream("epoch", gauge, "Epoch of the stream.", func(s *node.StreamStats) float64 { return float64(s.Engine.Epoch) })
	stream("chunks_useful_total", counter, "Chunks received that were new and authentic.", func(s *node.StreamStats) float64 { return float64(s.Engine.Chunks.Useful) })
	stream("chunks_duplicate_total", counter, "Chunks received that were held already.", func(s *node.StreamStats) float64 { return float64(s.Engine.Chunks.Duplicate) })
	stream("chunks_repair_total", counter, "Useful chunks that had been asked for.", func(s *node.StreamStats) float64 { return float64(s.Engine.Chunks.Repair) })
	stream("chunks_rejected_total", counter, "Chunks received that the publisher did not make.", func(s *node.StreamStats) float64 { return float64(s.Engine.Chunks.Forged) })
	stream("chunks_sent_total", counter, "Chunks handed to transports.", func(s *node.StreamStats) float64 { return float64(s.Engine.Sent.Chunks) })
	stream("chunks_expired_total", counter, "Chunks that were dropped from the upload queue, too late.", func(s *node.StreamStats) float64 { return float64(s.Engine.Sent.Expired) })
	stream("groups_due_total", counter, "Groups that were due for play.", func(s *node.StreamStats) float64 { return float64(s.Engine.Groups.Due) })
	stream("groups_missed_total", counter, "Groups that were not complete when due.", func(s *node.StreamStats) float64 { return float64(s.Engine.Groups.Missed) })
	stream("committed_bytes_per_second", gauge, "Uplink that standing orders bind.", func(s *node.StreamStats) float64 { return float64(s.Engine.Committed) })
	stream("policy_fallback", gauge, "1 while the fallback decides in the place of the policy.", func(s *node.StreamStats) float64 {
		if s.Fallback {
			return 1
		}
		return 0
	})
	label := func(name, help string) {
		c.descs = append(c.descs, prometheus.NewDesc("shoal_"+name, help, []string{"stream"}, nil))
	}
	label("viewers", "Viewers that the rendezvous knows of.")
	label("stream_live", "1 while the stream is published.")
	c.descs = append(c.descs,
		prometheus.NewDesc("shoal_plugin_restarts_total", "Times that a plugin was started again.", []string{"kind", "name"}, nil),
		prometheus.NewDesc("shoal_bus_up", "1 while NATS answers.", nil, nil))
	return c
}

// Describe sends the descriptions of all metrics.
func (c *collector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		out <- d
	}
	for _, m := range c.nodes {
		out <- m.desc
	}
	for _, m := range c.each {
		out <- m.desc
	}
}

// Collect measures now. A node that has ended has no figures of its own.
func (c *collector) Collect(out chan<- prometheus.Metric) {
	emit := func(d *prometheus.Desc, kind prometheus.ValueType, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, kind, v, labels...)
	}
	truth := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	for _, s := range c.state.Streams() {
		emit(c.descs[0], gauge, float64(s.Viewers), s.Name)
		emit(c.descs[1], gauge, truth(s.State == "live"), s.Name)
	}
	for _, p := range c.state.Plugins() {
		emit(c.descs[2], counter, float64(p.Restarts), p.Kind, p.Name)
	}
	emit(c.descs[3], gauge, truth(c.state.Info().BusUp))
	st, err := c.state.Stats()
	if err != nil {
		return
	}
	for _, m := range c.nodes {
		emit(m.desc, m.kind, m.of(&st))
	}
	for i := range st.Streams {
		for _, m := range c.each {
			emit(m.desc, m.kind, m.of(&st.Streams[i]), st.Streams[i].Name)
		}
	}
}
