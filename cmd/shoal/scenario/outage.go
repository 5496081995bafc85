package scenario

import (
	"fmt"
	"time"
)

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
