//go:build !linux

package tool

import (
	"os"
	"syscall"
)

// sysProcAttr leaves the process in our group: there is no parent-death signal
// here, so at least Ctrl-C in a terminal ends both.
func sysProcAttr() *syscall.SysProcAttr { return nil }

// terminate asks with the signal that MediaMTX listens for outside Linux. On
// Windows it fails, and the caller kills.
func terminate(p *os.Process) error { return p.Signal(os.Interrupt) }
