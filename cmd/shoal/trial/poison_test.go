package trial

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

func TestPoisonersAreGoneOnceNoHonestViewerHasOneAndNotBefore(t *testing.T) {
	bad, good := swarm.PeerID{1}, swarm.PeerID{2}
	sample := func(links int) *Sample {
		return &Sample{Poisoners: []swarm.PeerID{bad}, Neighbours: map[swarm.PeerID]int{bad: links, good: 9}}
	}
	for want, links := range map[float64][]int{ // order-free: each stands alone
		3:  {4, 2, 0, 0},
		4:  {4, 0, 1, 0}, // one came back
		-1: {4, 0, 0, 1},
	} {
		p := poison{began: 10 * time.Second}
		for i, n := range links {
			p.note(time.Duration(11+i)*time.Second, sample(n))
		}
		r := p.result()
		if r.GoneS != want || len(r.Links) != 4 || r.Links[0].Links != 4 || r.Links[0].Poisoners != 1 {
			t.Errorf("links %v: %+v, want gone after %v s", links, r, want)
		}
		var out bytes.Buffer
		if err := printPoison(&out, r); err != nil || !strings.Contains(out.String(), "at most 4 links") {
			t.Errorf("%v: %s", err, out.String())
		}
	}
	if (&poison{}).result() != nil {
		t.Error("without poisoners there is a result")
	}
}
