package scenario

import (
	"cmp"
	"fmt"
	"time"

	"github.com/shoal-live/shoal/core/sim"
)

// churnWithin is how long those who come in the places of others take to join where nothing else says.
const churnWithin = 10 * time.Second

// Occurrences are the faults as they happen: one that repeats is there for each time, until the end.
func (s *Scenario) Occurrences() []Fault {
	var list []Fault
	for i := range s.Faults {
		list = append(list, s.occurrences(i)...)
	}
	return list
}

func (s *Scenario) occurrences(i int) []Fault {
	f := s.Faults[i]
	list := []Fault{f}
	for at := f.At + f.Every; f.Every > 0 && at < s.Duration; at += f.Every {
		next := f
		next.At = at
		list = append(list, next)
	}
	return list
}

// churn are those who go, and those who join in their places: as many as went, had nobody else gone before. Every other time
// they go without a word.
func (s *Scenario) churn() (gone []sim.Fault, come []Join) {
	for i := range s.Faults {
		churn := s.Faults[i].Churn
		if churn == 0 {
			continue
		}
		within := cmp.Or(s.Faults[i].Every, churnWithin)
		for k, f := range s.occurrences(i) {
			if k%2 == 0 {
				gone = append(gone, sim.Leave{At: f.At, Share: float64(churn)})
			} else {
				gone = append(gone, sim.Kill{At: f.At, Share: float64(churn)})
			}
			if n := int(float64(churn)*float64(s.Viewers.Count) + 0.5); n > 0 {
				come = append(come, Join{At: f.At, Count: n, Over: min(within, (s.Duration-f.At)*9/10)}) // before the end
			}
		}
	}
	return gone, come
}

// checkRepeat checks how often a fault happens.
func (s *Scenario) checkRepeat(i int) *wrong {
	f := &s.Faults[i]
	key := fmt.Sprintf("faults[%d]", i)
	if f.Every != 0 {
		if w := within(key+".every", f.Every, time.Second, s.Duration); w != nil {
			return w
		}
	}
	const mostTimes = 10_000
	all := s.Occurrences()
	if len(all) > mostTimes {
		return bad(key+".every", "makes %d faults of the run, at most %d can be had", len(all), mostTimes)
	}
	for k := range s.Faults {
		if f.SourceDown == 0 || s.Faults[k].SourceDown == 0 {
			continue
		}
		for n, before := range s.occurrences(k) {
			for m, f := range s.occurrences(i) {
				if (k != i || n != m) && before.At <= f.At && f.At <= before.At+before.SourceDown {
					return bad(key+".sourceDown", "at %v the source is down already, faults[%d].sourceDown brings it back at %v: choose a later time",
						f.At, k, before.At+before.SourceDown)
				}
			}
		}
	}
	return within(key+".plugins", f.Plugins, 0, 100)
}
