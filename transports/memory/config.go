package memory

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// ErrConfig means that a Config cannot be used; the text names the field.
var ErrConfig = errors.New("bad memory network")

// Config describes a network. NewNetwork validates it; zero means default.
type Config struct {
	Delay  time.Duration // one way; default 0
	Jitter time.Duration // added to Delay, evenly distributed from 0 to it; default 0
	Loss   float64       // share of packets lost, 0 up to but not 1; default 0
	Rate   uint64        // wire bytes per second of each direction of a link; default 125,000,000
	Seed   uint64        // of loss and jitter
}

// What a frame costs on the wire, in bytes, and how long things take.
const (
	headerSize    = 28 + 26 // of a packet: IPv4, UDP, and what QUIC would add
	maxChunk      = 1090    // bytes of a chunk frame
	handshakeSize = 1200    // bytes, each way
	queueTime     = 10 * time.Millisecond
	queueFrames   = 2
	dialTimeout   = 4 * time.Second // a dial of nobody
	idleTimeout   = 3 * time.Second // a link to an isolated endpoint goes down
	usageEvery    = 100 * time.Millisecond
	measureEvery  = time.Second
	maxWaiting    = 1 << 20 // bytes of control frames on their way
)

func (c *Config) validate() error {
	switch {
	case c.Delay < 0:
		return fmt.Errorf("%w: Delay %v is below 0", ErrConfig, c.Delay)
	case c.Jitter < 0:
		return fmt.Errorf("%w: Jitter %v is below 0", ErrConfig, c.Jitter)
	case !(c.Loss >= 0 && c.Loss < 1):
		return fmt.Errorf("%w: Loss %v is not from 0 up to but not 1", ErrConfig, c.Loss)
	}
	c.Rate = cmp.Or(c.Rate, 125_000_000)
	return nil
}
