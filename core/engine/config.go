package engine

import (
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
