package host

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// groupOf are the processes of the group that pid leads.
func groupOf(pid int) []int {
	group := []int{pid}
	all, _ := os.ReadDir("/proc") // those that were read are of use
	for _, entry := range all {
		one, err := strconv.Atoi(entry.Name())
		if err != nil || one == pid {
			continue
		}
		if g, err := unix.Getpgid(one); err == nil && g == pid {
			group = append(group, one)
		}
	}
	return group
}

// memoryOf is the memory of a process that is its own, in bytes, resident or swapped: not the files that it maps. 0 when it has
// ended.
func memoryOf(pid int) uint64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	var sum uint64
	for line := range bytes.Lines(text) {
		for _, name := range []string{"RssAnon:", "RssShmem:", "VmSwap:"} {
			if rest, ok := bytes.CutPrefix(line, []byte(name)); ok {
				n, _ := strconv.ParseUint(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(rest), []byte("kB")))), 10, 64)
				sum += n << 10
			}
		}
	}
	return sum
}

// filesOf is the number of descriptors that a process has open; 0 when it has ended.
func filesOf(pid int) int {
	all, _ := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid)) // those that were read are of use
	return len(all)
}

// cpuOf is the processor time that a process has used; ok is false when it has ended.
func cpuOf(pid int) (used time.Duration, ok bool) {
	// The clock of a process, as clock_getcpuclockid(3) makes its number: exact, where /proc counts in ticks of 10 ms.
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^pid)<<3|2, &ts); err != nil {
		return 0, false
	}
	return time.Duration(ts.Nano()), true
}
