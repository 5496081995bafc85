package host_test

import (
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/shoal-live/shoal/plugins/host"
)

// descriptors counts those that are open.
func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestNothingLeaksWhenPluginsAreKilledAgainAndAgain kills a transport and a policy in turn.
func TestNothingLeaksWhenPluginsAreKilledAgainAndAgain(t *testing.T) {
	r := newRig(t, nil)
	round := func() {
		host.SkipBackoff(r.Host)
		x := start(t, r, nil)
		x.dial(t)
		p, err := r.Policy(t.Context(), parrotSpec(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, pid := range r.pids() {
			_ = syscall.Kill(pid, syscall.SIGKILL) // an os.Process would hold a descriptor
		}
		if take(t, x.ended, "end of Run") == nil {
			t.Error("Run ended without an error")
		}
		take(t, p.Done(), "Done")
		p.Close()
		for _, s := range r.Plugins() {
			if err := r.Reset(s.Kind, s.Name); err != nil {
				t.Fatal(err)
			}
		}
	}
	settled := func(goroutines, fds int, patience time.Duration) (int, int) {
		deadline := time.Now().Add(patience)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for (runtime.NumGoroutine() > goroutines || descriptors(t) > fds) && time.Now().Before(deadline) {
			<-tick.C
		}
		return runtime.NumGoroutine(), descriptors(t)
	}
	round() // what is made once for good
	goroutines, fds := settled(0, 0, 500*time.Millisecond)
	for range 10 {
		round()
	}
	if g, f := settled(goroutines+2, fds+2, 5*time.Second); g > goroutines+2 || f > fds+2 {
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines and %d descriptors after 10 rounds, %d and %d after one\n%s",
			g, f, goroutines, fds, stacks[:runtime.Stack(stacks, true)])
	}
	left, err := os.ReadDir(r.dir)
	if err != nil || len(left) > 1 { // a shared process may linger
		t.Errorf("folders %v are left, %v", left, err)
	}
}
