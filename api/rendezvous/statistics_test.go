package rendezvous

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

func TestDialsOfAllMembersAreSummedAndABoasterIsBelievedOnlySoFar(t *testing.T) {
	var all sums
	for _, s := range []node.Statistics{{Linked: 1 << 60}, {Linked: mostDials, Failed: 2 * mostDials}, {}} {
		all.add(&member{role: swarm.Helper, report: finite(s)}, time.Now())
	}
	if got := all.totals().DialSuccess; got != 2.0/3 {
		t.Errorf("%v of the dials gave a link, want two thirds", got)
	}
}
