//go:build unix

package demo

import (
	"runtime"
	"syscall"
	"time"
)

// processUsage is the CPU time of this process and of those that it started, MediaMTX and plugins, and the largest
// memory any of them had, in bytes.
func processUsage() (cpu time.Duration, rss uint64) {
	cpu, rss = childrenUsage()
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) != nil {
			continue
		}
		cpu += time.Duration(u.Utime.Nano() + u.Stime.Nano())
		size := uint64(u.Maxrss)
		if runtime.GOOS != "darwin" {
			size *= 1024 // kilobytes everywhere else
		}
		rss = max(rss, size)
	}
	return cpu, rss
}
