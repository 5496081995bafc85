package plugincheck

import (
	"bytes"
	"fmt"
	"os"
	"syscall"
	"time"
)

// freezeTime is how long a busy machine may take to stop a process.
const freezeTime = 10 * time.Second

// freeze stops a process where it is, and waits until it has stopped: until one of its threads gets the processor, the
// signal stops none of them, and a connection may still be answered. Killing it works all the same.
func freeze(pid int) error {
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return err
	}
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); time.Since(began) < freezeTime; <-tick.C {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			return err
		}
		state := stat[bytes.LastIndexByte(stat, ')')+1:] // the name before it may hold anything
		if bytes.HasPrefix(state, []byte(" T")) {
			return nil
		}
	}
	return fmt.Errorf("not stopped after %v", freezeTime)
}
