package host_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// killedWithHost: the kernel kills a child with its parent.
const killedWithHost = true

// childOf waits for a process to have a child that is not itself any more, and tells its id.
func childOf(t *testing.T, pid int) int {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	own := commandLine(pid)
	for {
		lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
		for _, name := range lists {
			list, _ := os.ReadFile(name)
			for child := range strings.FieldsSeq(string(list)) {
				n, err := strconv.Atoi(child)
				if err != nil {
					t.Fatal(err)
				}
				if line := commandLine(n); line != "" && line != own {
					return n
				}
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the host has started nothing within 10 s")
		}
		<-tick.C
	}
}

// commandLine is empty for a process that has ended, and its parent's for one that has been forked and runs nothing of its own:
// Go's os package forks such a child once to see what the kernel can.
func commandLine(pid int) string {
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return string(line)
}
