package rendezvous

import (
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

func TestAShareOfTheViewersIsTestedAndStaysTheSame(t *testing.T) {
	a := Advice{Policy: Policy{Name: "substream"}, Test: &Policy{Name: "rarest"}, Share: 0.1}
	more := a
	more.Share = 0.3
	const peers = 20_000
	tested := 0
	for i := range peers {
		var p swarm.PeerID
		binary.BigEndian.PutUint32(p[:], uint32(i))
		if a.For(chunk.StreamID{1}, p).Name == "rarest" {
			tested++
			if more.For(chunk.StreamID{1}, p).Name != "rarest" {
				t.Fatal("a larger share leaves out a viewer of the smaller one")
			}
		}
	}
	if math.Abs(float64(tested)/peers-0.1) > 0.01 {
		t.Errorf("%d of %d viewers are tested, want a tenth", tested, peers)
	}
	for share, want := range map[float64]string{0: "substream", 1: "rarest"} {
		a.Share = share
		if got := a.For(chunk.StreamID{}, swarm.PeerID{}).Name; got != want {
			t.Errorf("with a share of %v: %s", share, got)
		}
	}
}

func TestAdviceBeyondTheLimitsIsRefused(t *testing.T) {
	many := make(map[string]string)
	for i := range maxParams + 1 {
		many[strings.Repeat("k", i+1)] = ""
	}
	for name, a := range map[string]*Advice{
		"a long name":         {Policy: Policy{Name: strings.Repeat("x", 65)}},
		"a long parameter":    {Policy: Policy{Params: map[string]string{"k": strings.Repeat("x", 65)}}},
		"many parameters":     {Test: &Policy{Params: many}},
		"a share beyond all":  {Share: 1.5},
		"a share that is NaN": {Share: math.NaN()},
	} {
		if err := a.check(); !errors.Is(err, chunk.ErrLimit) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}

func TestArmsOfATestAreSummedApart(t *testing.T) {
	r := crowd(0, 6)
	r.advice = &Advice{Policy: Policy{Name: "substream"}, Test: &Policy{Name: "rarest", Params: map[string]string{"b": "2", "a": "1"}}, Share: 0.5}
	now := time.Now()
	sums := sums{labels: r.advice.labels()}
	for i, m := range r.roles[swarm.Viewer] {
		m.reported = now
		m.report = node.Statistics{Playing: true, DelayMS: float64(10 * (i + 1)), Continuity: 1, FromSource: 0.5, Policy: []string{"substream", "rarest{a=1,b=2}", "mine"}[i%3]}
		sums.add(m, now)
	}
	got := sums.totals()
	want := []Arm{
		{Policy: "substream", Playing: 2, DelayP50MS: 40, DelayP95MS: 40, FromPeers: 0.5, Continuity: 1},
		{Policy: "rarest{a=1,b=2}", Playing: 2, DelayP50MS: 50, DelayP95MS: 50, FromPeers: 0.5, Continuity: 1},
		{Policy: "other", Playing: 2, DelayP50MS: 60, DelayP95MS: 60, FromPeers: 0.5, Continuity: 1},
	}
	if !slices.Equal(got.Policies, want) || got.Playing != 6 {
		t.Errorf("the arms are %+v of %d, want %+v", got.Policies, got.Playing, want)
	}
}
