package sim

import (
	"math"

	"github.com/shoal-live/shoal/core/report"
)

// bounds are those of this run.
func (w *world) bounds() report.Bounds {
	var came []Uplink
	for _, p := range w.peers {
		if p.index > 0 && (p.finals != nil || p.parts != nil) {
			came = append(came, p.uplink)
		}
	}
	return w.cfg.Bounds(came)
}

// Bounds are those of a run to which peers with these uplinks came. They take the median delay for that of every pair, and look at
// Stream, Streams, Network, Source and Copies alone, which must be valid.
func (c Config) Bounds(came []Uplink) report.Bounds {
	c.fill()
	ideal := report.Ideal{
		Source: limit(c.Source.Rate), Copies: int(c.Copies), Latency: c.Network.Median, Chunk: c.frame(c.Stream.ChunkSize),
	}
	for i := range came {
		if came[i].Idle() {
			ideal.Viewers = append(ideal.Viewers, 0)
		} else {
			ideal.Viewers = append(ideal.Viewers, limit(came[i].Rate))
		}
	}
	for i := range c.Stream.Cycle() {
		var chunks []int // of all streams, whose groups are born together
		for k := range c.Streams {
			for left := c.Stream.size(i, &c.Streams[k]); left > 0; left -= c.Stream.ChunkSize {
				chunks = append(chunks, c.frame(min(left, c.Stream.ChunkSize)))
			}
		}
		ideal.Groups = append(ideal.Groups, chunks)
	}
	return ideal.Bounds()
}

// header is what a chunk frame has beyond its proof and payload, see swarm.ChunkOverhead.
const header = 35

// frame is the wire bytes of a chunk frame of that payload.
func (c *Config) frame(payload int) int {
	return payload + header + max(c.Stream.Proof-signature, 0) + c.Network.Overhead
}

// WireRate is what one copy of all streams takes on the wire, in bytes per second: with headers, proofs, and what a receiver
// sends to acknowledge it. It looks at Stream, Streams and Network alone, which must be valid.
func (c Config) WireRate() float64 {
	c.fill()
	s := &c.Stream
	bytes, groups := 0, max(len(s.Trace), 1)
	for k := range c.Streams {
		for i := range groups {
			size := 0
			if len(s.Trace) > 0 {
				size = s.traced(i, &c.Streams[k])
			} else {
				size = max(int(float64(c.Streams[k].Bitrate)/8*s.Group.Seconds()), 1)
			}
			whole, rest := size/s.ChunkSize, size%s.ChunkSize
			bytes += whole * (c.frame(s.ChunkSize) + c.Network.Ack)
			if rest > 0 {
				bytes += c.frame(rest) + c.Network.Ack
			}
		}
	}
	return float64(bytes) / (float64(groups) * s.Group.Seconds())
}

// limit is an uplink whose rate is 0 where there is none.
func limit(rate uint64) float64 {
	if rate == 0 {
		return math.Inf(1)
	}
	return float64(rate)
}
