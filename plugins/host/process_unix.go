//go:build unix && !linux

package host

import (
	"os"
	"os/exec"
	"syscall"
)

// isolate gives the process a group of its own.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// killGroup kills a process and all in its group. The errors of processes that are gone already are of no use.
func killGroup(p *os.Process) {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	_ = p.Kill()
}
