package feed

import (
	"time"

	"github.com/shoal-live/shoal/core/chunk"
)

// driftMost is how far a group's birth may be from what the epoch's first one promised. Beyond it the source's clock
// was set, or its media drifts, and the mapping is made anew.
const driftMost = 500 * time.Millisecond

// Clock maps the media time of an epoch to the source's wall clock. It is linear, so that audio and video keep
// their distance whatever the jitter of births. Its zero value is set by the first group that it sees.
type Clock struct {
	start time.Time // at media time 0
	set   bool
}

// Reset forgets the mapping: an epoch begins.
func (c *Clock) Reset() { *c = Clock{} }

// Observe takes note of when a group was born: when its last sample was complete.
func (c *Clock) Observe(g *chunk.GroupHeader) {
	start := time.UnixMicro(g.Born).Add(-g.Time - g.Span)
	if off := start.Sub(c.start); !c.set || off > driftMost || off < -driftMost {
		c.start, c.set = start, true
	}
}

// At is the wall clock at media time t.
func (c *Clock) At(t time.Duration) time.Time { return c.start.Add(t) }
