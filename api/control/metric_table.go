package control

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/shoal-live/shoal/core/node"
)

// metric is one row of the tables below.
type metric[T any] struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
	of   func(T) float64
}

const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue

// desc describes a metric; labels are beside its name.
func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("shoal_"+name, help, labels, nil)
}

// nodeMetrics are those of the whole node.
var nodeMetrics = []metric[*node.Stats]{
	{desc("sent_bytes_total", "Wire bytes that left this node, all of them."), counter, func(s *node.Stats) float64 { return float64(s.Sent) }},
	{desc("received_bytes_total", "Wire bytes that reached this node."), counter, func(s *node.Stats) float64 { return float64(s.Received) }},
	{desc("uplink_cap_bytes_per_second", "Cap of what leaves this node; 0 for none."), gauge, func(s *node.Stats) float64 { return float64(s.Cap) }},
	{desc("uplink_peak_bytes_per_second", "Greatest number of wire bytes that left in any one second since the start."), gauge, func(s *node.Stats) float64 { return float64(s.Most1s) }},
	{desc("links", "Links that are up."), gauge, func(s *node.Stats) float64 { return float64(s.Links) }},
	{desc("inbox_dropped_total", "Frames and calls that found the node's inbox full."), counter, func(s *node.Stats) float64 { return float64(s.Dropped) }},
}

// streamMetrics are those of this node's part in one stream.
var streamMetrics = []metric[*node.StreamStats]{
	{desc("neighbours", "Neighbours on the stream.", "stream"), gauge, func(s *node.StreamStats) float64 { return float64(len(s.Engine.Links)) }},
	{desc("epoch", "Epoch of the stream.", "stream"), gauge, func(s *node.StreamStats) float64 { return float64(s.Engine.Epoch) }},
	{desc("useful_bytes_total", "Payload bytes received that were new and authentic.", "stream"), counter, func(s *node.StreamStats) float64 { return float64(s.Engine.Chunks.UsefulBytes) }},
	{desc("from_source_bytes_total", "Payload bytes among the useful ones that the source itself sent.", "stream"), counter, func(s *node.StreamStats) float64 { return float64(s.Engine.Chunks.FromSource) }},
	{desc("chunk_bytes_sent_total", "Bytes of chunk frames that were handed to transports, with their overhead.", "stream"), counter, func(s *node.StreamStats) float64 { return float64(s.Engine.Sent.ChunkBytes) }},
	{desc("control_bytes_sent_total", "Bytes of control frames that were handed to transports, with their overhead.", "stream"), counter, func(s *node.StreamStats) float64 { return float64(s.Engine.Sent.ControlBytes) }},
	{desc("repairs_sent_total", "Chunks sent because they were asked for.", "stream"), counter, func(s *node.StreamStats) float64 { return float64(s.Engine.Sent.Repair) }},
	{desc("stalls_total", "Runs of missed groups.", "stream"), counter, func(s *node.StreamStats) float64 { return float64(s.Engine.Groups.Stalls) }},
	{desc("buffer_seconds", "Media that is complete and in order, and not yet due.", "stream"), gauge, func(s *node.StreamStats) float64 { return s.Engine.Buffer.Seconds() }},
	{desc("playout_target_seconds", "Playout delay aimed at.", "stream"), gauge, func(s *node.StreamStats) float64 { return s.Engine.Target.Seconds() }},
	{desc("clock_error_seconds", "Greatest error of the estimate of the source's clock.", "stream"), gauge, func(s *node.StreamStats) float64 { return s.Engine.Clock.Seconds() }},
	{desc("uplink_bytes_per_second", "Uplink of this node as measured; 0 until shown.", "stream"), gauge, func(s *node.StreamStats) float64 { return float64(s.Engine.Uplink) }},
	{desc("committed_bytes_per_second", "Uplink that standing orders bind.", "stream"), gauge, func(s *node.StreamStats) float64 { return float64(s.Engine.Committed) }},
	{desc("output_dropped_total", "Items that outputs were too slow for.", "stream"), counter, func(s *node.StreamStats) float64 { return float64(s.Dropped) }},
	{desc("policy_fallback", "1 while the fallback decides in the place of the policy.", "stream"), gauge, func(s *node.StreamStats) float64 { return truth(s.Fallback) }},
	{desc("rendezvous_up", "1 while the rendezvous of the stream answers.", "stream"), gauge, func(s *node.StreamStats) float64 { return truth(s.Rendezvous == nil && s.Refused == nil) }},
}

// The others, which Collect sends one by one.
var (
	buildInfo          = desc("build_info", "Always 1; the label tells what runs.", "version")
	ready              = desc("ready", "1 once the transports listen.")
	busUp              = desc("bus_up", "1 while NATS answers.")
	viewers            = desc("viewers", "Viewers that the rendezvous knows of.", "stream")
	viewersPlaying     = desc("viewers_playing", "Viewers that report that they play.", "stream")
	streamLive         = desc("stream_live", "1 while the stream is published.", "stream")
	audienceDelay      = desc("audience_delay_seconds", "Delay from chunk born to chunk verified that this share of the viewers who play do not exceed, as they report it.", "stream", "share")
	audienceOffload    = desc("audience_offload_ratio", "Share of what viewers play that came from other viewers, mean.", "stream")
	audienceContinuity = desc("audience_continuity_ratio", "Groups that viewers held when due, mean.", "stream")
	armViewers         = desc("policy_viewers_playing", "Viewers that play by this policy, while one is tested.", "stream", "policy")
	armDelay           = desc("policy_delay_seconds", "As audience_delay_seconds, of the viewers of one policy.", "stream", "policy", "share")
	armOffload         = desc("policy_offload_ratio", "As audience_offload_ratio, of the viewers of one policy.", "stream", "policy")
	armContinuity      = desc("policy_continuity_ratio", "As audience_continuity_ratio, of the viewers of one policy.", "stream", "policy")
	chunks             = desc("chunks_total", "Chunks received: useful (new, unasked), repair (new, asked for), parity, duplicate, forged, unproven, malformed.", "stream", "kind")
	groups             = desc("groups_total", "Groups that were due: complete or missed.", "stream", "result")
	sentChunks         = desc("chunks_sent_total", "Chunks for neighbours: sent, expired in the upload queue, dropped where it was full, refused by the transport.", "stream", "result")
	sourceEgress       = desc("source_egress_bytes_total", "Bytes that left for a stream that is published here, with the overhead of its frames.", "stream")
	delay              = desc("delay_seconds", "Chunk born at the source to chunk verified here, by the estimated source clock.", "stream")
	playoutDelay       = desc("playout_delay_seconds", "Group born at the source to group due here.", "stream")
)

var otherDescs = []*prometheus.Desc{
	buildInfo, ready, busUp, viewers, viewersPlaying, streamLive, audienceDelay, audienceOffload, audienceContinuity,
	armViewers, armDelay, armOffload, armContinuity,
	chunks, groups, sentChunks, sourceEgress, delay, playoutDelay, pluginRestarts, pluginsRunning,
	pluginBroken, pluginMisses, pluginCalls,
}
