package scenario

import (
	"fmt"
	"math"
)

// With is the scenario with another number of viewers: the shares of uplinks and faults, the resource index and when they come
// stay, and the counts of joins grow or shrink in proportion. Errors: ErrScenario, naming the key that does not allow it.
func (s *Scenario) With(viewers int) (*Scenario, error) {
	if w := within("viewers.count", viewers, 1, mostViewers); w != nil {
		return nil, fmt.Errorf("%w: %s: %s", ErrScenario, w.key, w.what)
	}
	other := *s
	other.Viewers.Count = viewers
	other.Join = s.Join.scaled(float64(viewers) / float64(s.Viewers.Count))
	if w := other.checkRates(); w != nil {
		return nil, fmt.Errorf("%w: with %d viewers: %s: %s", ErrScenario, viewers, w.key, w.what)
	}
	return &other, nil
}

// scaled are the joins of so many times the viewers: the counts rounded, so that they stay all together. An entry of which
// nobody is left goes.
func (j Joins) scaled(times float64) Joins {
	var list Joins
	all, before := 0, 0
	for _, join := range j {
		if join.Count > 0 {
			all += join.Count
			upTo := int(math.Round(times * float64(all)))
			join.Count = upTo - before
			before = upTo
			if join.Count == 0 {
				continue
			}
		}
		list = append(list, join)
	}
	return list
}
