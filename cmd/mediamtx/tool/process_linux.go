package tool

import (
	"os"
	"syscall"
)

// sysProcAttr makes the process die with us, even when we are killed, and keeps
// it out of our process group, so that Ctrl-C reaches us alone and we decide in
// which order things end.
func sysProcAttr() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
