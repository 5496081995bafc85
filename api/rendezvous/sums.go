package rendezvous

import (
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// sums gather what members report.
type sums struct {
	Totals
	labels []string // of the policies that are tested; none without a test
	linked uint64   // dials of all members that ended with a link
	dials  uint64   // that ended
	arms   []arm    // of all that play, then of each label, then of others
}

// arm gathers what viewers that play report.
type arm struct {
	fromPeers, continuity float64
	delays                []float64
}

func (t *sums) add(m *member, now time.Time) {
	s := &m.report
	t.linked += s.Linked
	t.dials += s.Linked + s.Failed
	fresh := now.Sub(m.reported) < staleAfter
	switch {
	case m.role == swarm.Source && fresh:
		t.SourceBps += s.UpBps
		t.SourceCap += s.CapBps
	case m.role == swarm.Viewer && !fresh:
		t.StaleReport++
	case m.role == swarm.Viewer && s.Playing:
		t.DownBps += s.DownBps
		if t.arms == nil {
			t.arms = make([]arm, len(t.labels)+2)
		}
		of := slices.Index(t.labels, s.Policy)
		if of < 0 {
			of = len(t.labels)
		}
		for _, a := range []*arm{&t.arms[0], &t.arms[1+of]} {
			a.fromPeers += 1 - s.FromSource
			a.continuity += s.Continuity
			a.delays = append(a.delays, s.DelayMS)
		}
	}
}

func (t *sums) totals() Totals {
	if t.dials > 0 {
		t.DialSuccess = float64(t.linked) / float64(t.dials)
	}
	if t.arms == nil {
		return t.Totals
	}
	all := t.arms[0].result("")
	t.Playing, t.DelayP50MS, t.DelayP95MS, t.FromPeers, t.Continuity = all.Playing, all.DelayP50MS, all.DelayP95MS, all.FromPeers, all.Continuity
	t.DownBps /= float64(all.Playing)
	if t.labels != nil {
		for i, label := range append(t.labels, "other") {
			if a := &t.arms[1+i]; len(a.delays) > 0 {
				t.Policies = append(t.Policies, a.result(label))
			}
		}
	}
	return t.Totals
}

// result is what an arm comes to. It has at least one viewer.
func (a *arm) result(label string) Arm {
	n := len(a.delays)
	slices.Sort(a.delays)
	return Arm{
		Policy: label, Playing: n, DelayP50MS: a.delays[n/2], DelayP95MS: a.delays[min(n*95/100, n-1)],
		FromPeers: a.fromPeers / float64(n), Continuity: a.continuity / float64(n),
	}
}
