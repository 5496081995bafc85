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
		case p.index == 0 || p.final == nil && p.engine == nil: // the source, and those that never came
		case p.uplink.idle():
			ideal.Viewers = append(ideal.Viewers, 0)
		default:
			ideal.Viewers = append(ideal.Viewers, limit(p.uplink.Rate))
		}
	}
	sizes := w.media.cfg.Trace
	if len(sizes) == 0 {
		for i := range w.media.every {
			sizes = append(sizes, w.media.size(i))
		}
	}
	for _, size := range sizes {
		var chunks []int
		for left := size; left > 0; left -= w.cfg.Stream.ChunkSize {
			chunks = append(chunks, w.frame(min(left, w.cfg.Stream.ChunkSize)))
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

// WireRate is what one copy of the stream takes on the wire, in bytes per second: with headers, proofs, and what a receiver
// sends to acknowledge it. It looks at Stream and Network alone, which must be valid.
func (c Config) WireRate() float64 {
	c.fill()
	s := &c.Stream
	sizes := s.Trace
	if len(sizes) == 0 {
		sizes = []int{max(int(float64(s.Bitrate)/8*s.Group.Seconds()), 1)}
	}
	bytes := 0
	for _, size := range sizes {
		whole, rest := size/s.ChunkSize, size%s.ChunkSize
		bytes += whole * (c.frame(s.ChunkSize) + c.Network.Ack)
		if rest > 0 {
			bytes += c.frame(rest) + c.Network.Ack
		}
	}
	return float64(bytes) / (float64(len(sizes)) * s.Group.Seconds())
}

// limit is an uplink whose rate is 0 where there is none.
func limit(rate uint64) float64 {
	if rate == 0 {
		return math.Inf(1)
	}
	return float64(rate)
}
