//go:build !linux

package baseline

import "time"

// CPUTime is the processor time that a process has used so far; not measured here.
func CPUTime(int) (time.Duration, bool) { return 0, false }
