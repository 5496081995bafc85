package host

import (
	"os"
	"os/exec"
	"syscall"
)

// isolate gives the process a group of its own, and has the kernel kill it with the thread that starts it.
func isolate(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// killGroup kills a process and all in its group. The errors of processes that are gone already are of no use.
func killGroup(p *os.Process) {
	_ = syscall.Kill(-p.Pid, syscall.SIGKILL)
	_ = p.Kill()
}
