package sim

import (
	"math"

	"github.com/shoal-live/shoal/core/report"
)

// bounds are those of this run. They take the median delay for that of every pair.
func (w *world) bounds() report.Bounds {
	ideal := report.Ideal{
		Source: limit(w.cfg.Source.Rate), Copies: int(w.cfg.Copies), Latency: w.cfg.Network.Median, Chunk: w.frame(w.cfg.Stream.ChunkSize),
	}
	for _, p := range w.peers {
		switch {
		case p.index == 0 || p.finals == nil && p.parts == nil: // the source, and those that never came
		case p.uplink.idle():
			ideal.Viewers = append(ideal.Viewers, 0)
		default:
			ideal.Viewers = append(ideal.Viewers, limit(p.uplink.Rate))
		}
	}
	groups := len(w.cfg.Stream.Trace)
	if groups == 0 {
		groups = w.streams[0].every
	}
	for i := range groups {
		var chunks []int // of all streams, whose groups are born together
		for _, m := range w.streams {
			for left := m.size(i); left > 0; left -= w.cfg.Stream.ChunkSize {
				chunks = append(chunks, w.frame(min(left, w.cfg.Stream.ChunkSize)))
			}
		}
		ideal.Groups = append(ideal.Groups, chunks)
	}
	return ideal.Bounds()
}

// frame is the wire bytes of a chunk frame of that payload.
func (w *world) frame(payload int) int { return w.cfg.frame(payload) }

// header is what a chunk frame has beyond its proof and payload, see swarm.ChunkOverhead.
const header = 35

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
