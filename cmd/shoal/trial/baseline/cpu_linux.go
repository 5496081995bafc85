package baseline

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// clockTick is the unit of processor time in /proc: 10 ms, whatever the kernel was built with.
const clockTick = 10 * time.Millisecond

// CPUTime is the processor time that a process has used so far, of user and system, in steps of 10 ms. It is false where the
// process is gone, or the system does not tell.
func CPUTime(pid int) (time.Duration, bool) {
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	const user, system = 11, 12 // of the fields behind the program's name, which is in parentheses and may hold anything
	fields := bytes.Fields(line[bytes.LastIndexByte(line, ')')+1:])
	if len(fields) <= system {
		return 0, false
	}
	var ticks uint64
	for _, i := range []int{user, system} {
		n, err := strconv.ParseUint(string(fields[i]), 10, 63)
		if err != nil {
			return 0, false
		}
		ticks += n
	}
	return time.Duration(ticks) * clockTick, true
}
