package host_test

import (
	"fmt"
	"os"
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
	for {
		threads, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		for _, thread := range threads {
			list, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/children", pid, thread.Name()))
			if first, _, _ := strings.Cut(strings.TrimSpace(string(list)), " "); first != "" {
				child, err := strconv.Atoi(first)
				if err != nil {
					t.Fatal(err)
				}
				return child
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the host has started nothing within 10 s")
		}
		<-tick.C
	}
}
