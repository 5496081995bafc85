package scenario

import (
	"fmt"
	"time"
)

// checkOutage checks that the source comes back before the end.
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
	return nil
}
