package host_test

import (
	"testing"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/plugins/host"
)

const holdsLimits = true

// moreTroubles are those that need limits.
func moreTroubles() []trouble {
	does := func(name, what string, l host.Limits) trouble {
		return trouble{name, func(t *testing.T, r *rig) error {
			p := limited(t, r, what, l)
			for i := uint64(1); i < 100 && p.Err() == nil; i++ {
				p.Step(&scheduler.Batch{Revision: i})
			}
			take(t, p.Done(), "Done")
			return p.Err()
		}}
	}
	return []trouble{
		does("uses too much memory", "grow", host.Limits{Memory: 200 << 20}),
		does("takes far too much memory at once", "grow fast", host.Limits{Memory: 200 << 20}),
		does("leaks descriptors", "leak", host.Limits{Files: 100}),
	}
}
