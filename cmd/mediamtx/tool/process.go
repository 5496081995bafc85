package tool

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// killAfter is how long MediaMTX gets to end by itself once asked.
const killAfter = 3 * time.Second

// process is one run of the binary. It is waited for by one goroutine, which
// ends with it.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed once the process is gone and reaped
	err    error         // how it ended; read after exited
}

// startProcess runs bin with the config in dir, its output appended to logPath.
func startProcess(bin, dir, logPath string) (*process, error) {
	log, err := os.OpenFile(logPath, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("mediamtx: open its log: %w", err)
	}
	defer func() { _ = log.Close() }() // the process holds its own copy

	cmd := exec.Command(bin, filepath.Join(dir, configName))
	cmd.Dir = dir
	cmd.Env = ownEnv(os.Environ())
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = sysProcAttr()

	p := &process{cmd: cmd, exited: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		// The kernel sends the parent-death signal when the thread that forked
		// ends, so that thread must live as long as the process.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(p.exited)
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("mediamtx: start %s: %w", bin, err)
	}
	return p, nil
}

// stop ends the process: it is asked, and killed after killAfter. It returns
// when the process is gone.
func (p *process) stop() {
	if terminate(p.cmd.Process) == nil {
		timer := time.NewTimer(killAfter)
		defer timer.Stop()
		select {
		case <-p.exited:
			return
		case <-timer.C:
		}
	}
	_ = p.cmd.Process.Kill() // an error means that it is gone already
	<-p.exited
}

// ownEnv drops the variables by which MediaMTX lets its environment override
// its config.
func ownEnv(env []string) []string {
	var kept []string
	for _, kv := range env {
		if !strings.HasPrefix(kv, "MTX_") {
			kept = append(kept, kv)
		}
	}
	return kept
}
