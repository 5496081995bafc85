package scenario

import (
	"fmt"
	"time"
)

// Outage is a time for which there is no source: its process is killed, and starts again.
type Outage struct{ At, For time.Duration }

// Outages are those of the faults, in their order there. [Scenario.Simulation] does not have them.
func (s *Scenario) Outages() []Outage {
	var list []Outage
	for i := range s.Faults {
		if f := &s.Faults[i]; f.SourceDown > 0 {
			list = append(list, Outage{f.At, f.SourceDown})
		}
	}
	return list
}

// Simulated is nil when [Scenario.Simulation] has all that the scenario says. Errors: ErrScenario, naming the key that it does not have.
func (s *Scenario) Simulated() error {
	for i := range s.Faults {
		if s.Faults[i].SourceDown > 0 {
			return fmt.Errorf("%w: faults[%d].sourceDown: the source of the simulator does not die; shoal trial kills it, or leave the key out", ErrScenario, i)
		}
	}
	return nil
}

// checkOutage checks that the source dies while it lives, and comes back before the end.
func (s *Scenario) checkOutage(i int) *wrong {
	f := &s.Faults[i]
	if f.SourceDown == 0 {
		return nil
	}
	key := fmt.Sprintf("faults[%d].sourceDown", i)
	if w := within(key, f.SourceDown, 100*time.Millisecond, time.Minute); w != nil {
		return w
	}
	if f.SourceDown >= s.Duration-f.At {
		return bad(key, "%v after %v is not before the end of the run: duration is %v", f.SourceDown, f.At, s.Duration)
	}
	for k := range s.Faults {
		if o := &s.Faults[k]; k != i && o.SourceDown > 0 && o.At <= f.At && f.At <= o.At+o.SourceDown {
			return bad(key, "at %v the source is down already, faults[%d].sourceDown brings it back at %v: choose a later time", f.At, k, o.At+o.SourceDown)
		}
	}
	return nil
}
