package sim

import (
	"cmp"
	"fmt"
	"time"

	"github.com/shoal-live/shoal/core/budget"
	"github.com/shoal-live/shoal/core/chunk"
)

// most bounds the peers of one run: what a link's identity has room for.
const most = 1 << 22

// mostStreams bounds the streams of one run: a link has a bit for each.
const mostStreams = 16

// fill puts the defaults in the place of zeros.
func (c *Config) fill() {
	c.Duration = cmp.Or(c.Duration, 20*time.Second)
	c.Copies = cmp.Or(c.Copies, 3)
	s, n := &c.Stream, &c.Network
	s.Bitrate = cmp.Or(s.Bitrate, 1_000_000)
	s.ChunkSize = cmp.Or(s.ChunkSize, 1000)
	s.Group = cmp.Or(s.Group, 50*time.Millisecond)
	s.GOP = cmp.Or(s.GOP, time.Second)
	s.KeyFrame = cmp.Or(s.KeyFrame, 1)
	s.Substreams = cmp.Or(s.Substreams, 16)
	s.Proof = cmp.Or(s.Proof, 112)
	c.Streams = append([]Share(nil), c.Streams...)
	if len(c.Streams) == 0 {
		c.Streams = []Share{{}}
	}
	for i := range c.Streams {
		c.Streams[i].Weight = cmp.Or(c.Streams[i].Weight, 1)
		c.Streams[i].Bitrate = cmp.Or(c.Streams[i].Bitrate, s.Mean())
	}
	n.Median = cmp.Or(n.Median, time.Millisecond)
	n.Queue = cmp.Or(n.Queue, 200*time.Millisecond)
	n.Overhead = cmp.Or(n.Overhead, 60)
	n.Handshake = cmp.Or(n.Handshake, 2400)
	n.Ack = cmp.Or(n.Ack, 20)
}

func (c *Config) validate() error {
	c.fill()
	s, n := &c.Stream, &c.Network
	total := 0
	for i := range c.Groups {
		if err := c.Groups[i].validate(c.Duration); err != nil {
			return fmt.Errorf("%w: Groups[%d].%w", ErrConfig, i, err)
		}
		total += c.Groups[i].Count
	}
	switch {
	case c.Policy == nil:
		return fmt.Errorf("%w: Policy is nil", ErrConfig)
	case total < 1 || total > most:
		return fmt.Errorf("%w: Groups hold %d peers, not 1..%d", ErrConfig, total, most)
	case c.Duration < time.Second || c.Duration > 24*time.Hour:
		return fmt.Errorf("%w: Duration %v is not in 1s..24h", ErrConfig, c.Duration)
	case c.PolicyDelay < 0 || c.Verify < 0:
		return fmt.Errorf("%w: PolicyDelay %v or Verify %v is below 0", ErrConfig, c.PolicyDelay, c.Verify)
	case s.ChunkSize < 1 || s.ChunkSize > chunk.MaxPayload:
		return fmt.Errorf("%w: Stream.ChunkSize %d is not in 1..%d", ErrConfig, s.ChunkSize, chunk.MaxPayload)
	case s.Bitrate < 8_000 || s.Bitrate > 1_000_000_000:
		return fmt.Errorf("%w: Stream.Bitrate %d is not in 8000..1000000000", ErrConfig, s.Bitrate)
	case s.Group < time.Millisecond || s.Group > 10*time.Second || s.GOP < s.Group:
		return fmt.Errorf("%w: Stream.Group %v, Stream.GOP %v: want 1ms..10s, and GOP at least Group", ErrConfig, s.Group, s.GOP)
	case s.Substreams < 1 || s.Substreams > chunk.MaxSubstreams:
		return fmt.Errorf("%w: Stream.Substreams %d is not in 1..%d", ErrConfig, s.Substreams, chunk.MaxSubstreams)
	case !(s.KeyFrame > 0 && s.KeyFrame <= 1000) || s.Proof < 0 || s.Proof > 512:
		return fmt.Errorf("%w: Stream.KeyFrame %v or Stream.Proof %d is out of its limits", ErrConfig, s.KeyFrame, s.Proof)
	case s.Parity < 0 || s.Parity > chunk.MaxParity:
		return fmt.Errorf("%w: Stream.Parity %d is not in 0..%d percent", ErrConfig, s.Parity, chunk.MaxParity)
	case n.Median < 0 || n.Sigma < 0 || n.Sigma > 3 || n.Min < 0 || n.Jitter < 0 || n.Queue < 0:
		return fmt.Errorf("%w: Network %+v: a delay is out of its limits", ErrConfig, *n)
	case !(n.Loss >= 0 && n.Loss <= 0.5):
		return fmt.Errorf("%w: Network.Loss %v is not in 0..0.5", ErrConfig, n.Loss)
	case n.Overhead < 0 || n.Handshake < 0 || n.Ack < 0:
		return fmt.Errorf("%w: Network %+v: a size is below 0", ErrConfig, *n)
	}
	for i, size := range s.Trace {
		if size < 1 || size > chunk.MaxGroupSize {
			return fmt.Errorf("%w: Stream.Trace[%d] is %d bytes, not 1..%d", ErrConfig, i, size, chunk.MaxGroupSize)
		}
	}
	for i, f := range c.Faults {
		if err := validFault(f); err != nil {
			return fmt.Errorf("%w: Faults[%d]: %w", ErrConfig, i, err)
		}
		if _, forges := f.(Poison); forges && s.Proof <= signature {
			return fmt.Errorf("%w: Faults[%d]: Poison forges proofs, and those of Stream.Proof %d can be left out; want more than %d",
				ErrConfig, i, s.Proof, signature)
		}
	}
	if len(c.Streams) > mostStreams {
		return fmt.Errorf("%w: Streams are %d, not 1..%d", ErrConfig, len(c.Streams), mostStreams)
	}
	for i, s := range c.Streams {
		if s.Weight < 1 || s.Weight > 1000 || s.Bitrate < 8_000 || s.Bitrate > 1_000_000_000 {
			return fmt.Errorf("%w: Streams[%d]: Weight %d is not in 1..1000, or Bitrate %d not in 8000..1000000000", ErrConfig, i, s.Weight, s.Bitrate)
		}
	}
	if err := c.Source.validate(); err != nil {
		return fmt.Errorf("%w: Source.%w", ErrConfig, err)
	}
	return nil
}

func (c *Class) validate(duration time.Duration) error {
	switch {
	case c.Count < 0 || c.Count > most:
		return wrong("Count %d is not in 0..%d", c.Count, most)
	case c.At < 0 || c.Over < 0 || c.At+c.Over >= duration:
		return wrong("At %v and Over %v reach beyond the run of %v", c.At, c.Over, duration)
	case c.Stay < 0:
		return wrong("Stay %v is below 0", c.Stay)
	}
	if err := c.Uplink.validate(); err != nil {
		return wrong("Uplink.%w", err)
	}
	return nil
}

func (u *Uplink) validate() error {
	switch {
	case u.Cap != 0 && (u.Cap < budget.MinCap || u.Cap > budget.MaxCap):
		return wrong("Cap %d is not in %d..%d", u.Cap, budget.MinCap, uint64(budget.MaxCap))
	case u.Rate != 0 && u.Rate < budget.MinCap:
		return wrong("Rate %d is below %d; None is what one has that only takes", u.Rate, budget.MinCap)
	case u.Down != 0 && u.Down < budget.MinCap:
		return wrong("Down %d is below %d", u.Down, budget.MinCap)
	}
	return nil
}

func validFault(f Fault) error {
	share, rate := 0.0, 1.0
	switch f := f.(type) {
	case Kill:
		share = f.Share
	case Leave:
		share = f.Share
	case Slow:
		share, rate = f.Share, f.Rate
	case FreeRide:
		share = f.Share
	case Poison:
		share = f.Share
	case SourceDown:
		rate = f.For.Seconds()
	}
	if f.fault() < 0 || !(share >= 0 && share <= 1) || !(rate > 0) {
		return fmt.Errorf("%T %+v: At, Share, Rate or For is out of its limits", f, f)
	}
	return nil
}

// wrong says what is wrong with a field; its name comes first, as it is written in Config.
func wrong(format string, args ...any) error { return fmt.Errorf(format, args...) }
