//go:build unix && !linux

package usage

import (
	"os"
	"runtime"
	"syscall"
	"time"
)

// Self is what this process takes and what those have taken that it started and that have ended; the others are not to be had
// here.
func Self() Used {
	var sum Used
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) != nil {
			continue
		}
		size := uint64(u.Maxrss)
		if runtime.GOOS != "darwin" {
			size *= 1024 // kilobytes everywhere else
		}
		sum.Add(Used{CPU: time.Duration(u.Utime.Nano() + u.Stime.Nano()), Largest: size})
	}
	return sum
}

// Of is what the process pid takes, which is to be had of this one alone.
func Of(pid int) Used {
	if pid == os.Getpid() {
		return Self()
	}
	return Used{}
}
