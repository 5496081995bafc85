package egresstest

import (
	"testing"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
)

// Harness says how to make the egress that is judged, and what to feed it with.
type Harness struct {
	// New is the factory under test.
	New egress.Factory
	// Target makes one place for an egress to put its output. It is called for each subtest that needs one.
	Target func(t *testing.T) Target
	// First and Second are two epochs of real media, of at least two seconds, that differ in their tracks.
	First, Second Epoch
	// URLs is what every URL given to ready begins with; "" when there is to be none.
	URLs string
	// Wrong are configs that New refuses.
	Wrong []Wrong
	// Busy is a place that somebody else has taken, until free is called; the error of Run must contain address.
	Busy func(t *testing.T) (config egress.Config, address string, free func())
}

// Target is one place for output, and the players there. Its functions may start what they like, so long as it has
// ended when the test's cleanups are done.
type Target struct {
	Config egress.Config // works any number of times, one after the other
	// Plays blocks until a player has got media of every track of d, or says why it does not; it is called while
	// groups of d flow. nil where there is no player to be had.
	Plays func(urls []string, d *chunk.Descriptor) error
	// Stick attaches a player that takes as little as it can; nil for an output that has no players.
	Stick func(urls []string) error
}

// Epoch is media as a node feeds it. The first group is a random-access one.
type Epoch struct {
	Descriptor *chunk.Descriptor
	Groups     []chunk.Group
}

// Wrong is a config that New refuses, and the parameter that the error must name.
type Wrong struct {
	Config    egress.Config
	Parameter string
}
