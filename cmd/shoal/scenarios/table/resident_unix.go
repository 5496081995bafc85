//go:build unix

package main

import (
	"os"
	"runtime"
	"syscall"
)

// resident is the greatest number of bytes that a process, which has ended, had in memory.
func resident(p *os.ProcessState) uint64 {
	usage, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return uint64(usage.Maxrss)
	}
	return uint64(usage.Maxrss) * 1024
}
