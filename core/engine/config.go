package engine

import (
	"cmp"
	"fmt"
	"time"

	"github.com/shoal-live/shoal/core/budget"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
)

// Config describes one peer on one stream. New validates it; zero means default.
type Config struct {
	Self   swarm.PeerID
	Role   swarm.Role
	Stream chunk.StreamID
	Index  uint64 // number of the stream in frames that this node sends
	Seed   uint64 // of all chance in the engine and its policy

	Budget          budget.Source          // never nil
	Authentications []chunk.Authentication // methods that are understood; at least one
	Restorer        chunk.Restorer         // makes what is missing of a group from its parity; nil: parity is only passed on
	Overhead        int                    // wire bytes of a chunk frame beyond its own; default 60
	MaxFrame        int                    // bytes of a chunk frame that every link takes; default 1090

	MaxLinks   int           // link ends at most; default 32, limits 1..256
	StoreSpan  time.Duration // media kept; default 4 s and at least two random-access intervals
	StoreBytes int           // bytes kept at most; default 32 MiB

	Playout Playout

	// Wall is the host's wall clock at time 0, Unix microseconds. At the source it is the clock that
	// delays are measured against; elsewhere a first guess, used for reports alone.
	Wall int64
}

// Playout says how a viewer plays.
type Playout struct {
	Floor   time.Duration // least playout delay behind birth; default 300 ms
	Ceiling time.Duration // greatest; default 4 s
}

func (c *Config) validate() error {
	c.Overhead = cmp.Or(c.Overhead, 60)
	c.MaxFrame = cmp.Or(c.MaxFrame, 1090)
	c.MaxLinks = cmp.Or(c.MaxLinks, 32)
	c.StoreSpan = cmp.Or(c.StoreSpan, 4*time.Second)
	c.StoreBytes = cmp.Or(c.StoreBytes, 32<<20)
	c.Playout.Floor = cmp.Or(c.Playout.Floor, 300*time.Millisecond)
	c.Playout.Ceiling = cmp.Or(c.Playout.Ceiling, 4*time.Second)
	switch {
	case c.Budget == nil:
		return fmt.Errorf("%w: Budget is nil", ErrConfig)
	case len(c.Authentications) == 0:
		return fmt.Errorf("%w: Authentications is empty", ErrConfig)
	case c.Role != swarm.Source && c.Role != swarm.Helper && c.Role != swarm.Viewer:
		return fmt.Errorf("%w: Role is %s, not source, helper or viewer", ErrConfig, c.Role)
	case c.MaxLinks < 1 || c.MaxLinks > maxLinks:
		return fmt.Errorf("%w: MaxLinks %d is not in 1..%d", ErrConfig, c.MaxLinks, maxLinks)
	case c.Overhead < 0:
		return fmt.Errorf("%w: Overhead %d is below 0", ErrConfig, c.Overhead)
	case c.MaxFrame < 0:
		return fmt.Errorf("%w: MaxFrame %d is below 0", ErrConfig, c.MaxFrame)
	case c.StoreSpan < 0 || c.StoreBytes < 0:
		return fmt.Errorf("%w: StoreSpan %v or StoreBytes %d is below 0", ErrConfig, c.StoreSpan, c.StoreBytes)
	case c.Playout.Floor < 0 || c.Playout.Ceiling < c.Playout.Floor:
		return fmt.Errorf("%w: Playout from %v to %v is no range", ErrConfig, c.Playout.Floor, c.Playout.Ceiling)
	}
	return nil
}
