//go:build linux

package main_test

import (
	"math/rand/v2"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/shoal-live/shoal/api/control"
	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/watch"
)

// chaosVariable makes the chaos last longer, "60s" say, with ten nodes instead of four, and stricter: it is for a machine that has
// nothing else to do.
const chaosVariable = "SHOAL_CHAOS"

// held is what this process, in which all nodes of a test run, and the plugins below it hold.
type held struct{ goroutines, descriptors, processes, memory int }

func holds(t *testing.T) held {
	t.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return held{runtime.NumGoroutine(), len(files), len(descendants(t, os.Getpid())), int(m.HeapAlloc >> 20)}
}

// settles waits until no plugin has been started for two seconds: those in reserve are there.
func settles(t *testing.T) {
	t.Helper()
	count, since := 0, time.Now()
	eventually(t, 30*time.Second, "no plugin is being started", func() bool {
		if now := len(descendants(t, os.Getpid())); now != count {
			count, since = now, time.Now()
		}
		return time.Since(since) > 2*time.Second
	})
}

// TestPluginsKilledAtRandomCostTheViewersLittle kills a random plugin of a random node every second.
func TestPluginsKilledAtRandomCostTheViewersLittle(t *testing.T) {
	// While other tests run, the kernel may take longer to end a killed process than a viewer's buffer lasts: that costs some
	// groups of the three hundred that ten seconds have.
	viewers, last, least := 3, 10*time.Second, 0.95
	if text := os.Getenv(chaosVariable); text != "" {
		var err error
		if last, err = time.ParseDuration(text); err != nil {
			t.Fatalf("%s: %v", chaosVariable, err)
		}
		viewers, least = 9, 0.999
	}
	seed := rand.Uint64()
	chance := rand.New(rand.NewPCG(seed, 1))
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	c := loopback(t, media.APIURL())
	isolate(&c, config.Process)
	s := startSource(t, c)
	url := s.live(t, "cam1")
	nodes := []func() []control.Plugin{s.Plugins}
	var all []*viewer
	for i := range viewers {
		o := watch.Options{URL: url, Isolation: config.Process}
		if i == 0 {
			o.HLS = "127.0.0.1:0" // an egress is killed, too
		}
		v := startViewer(t, o)
		all, nodes = append(all, v), append(nodes, v.Plugins)
	}
	play(t, all, 60)
	settles(t)
	type groups struct{ due, complete uint64 }
	of := func(v *viewer) groups {
		s, _ := v.stats()
		return groups{s.Groups.Due, s.Groups.Complete}
	}
	from := map[*viewer]groups{}
	for _, v := range all {
		from[v] = of(v)
	}
	before := holds(t)

	kills := map[string]int{}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for end := time.Now().Add(last); time.Now().Before(end); <-tick.C {
		node := chance.IntN(len(nodes))
		list := nodes[node]()
		p := list[chance.IntN(len(list))]
		if p.PID != 0 && syscall.Kill(p.PID, syscall.SIGKILL) == nil {
			kills[p.Kind]++
		}
	}
	for _, plugins := range nodes {
		eventually(t, 15*time.Second, "every plugin runs again", func() bool {
			for _, p := range plugins() {
				if p.State != "running" {
					return false
				}
			}
			return true
		})
	}
	play(t, all, 60)
	t.Logf("seed %d, killed: %v", seed, kills)
	for i, v := range all {
		now := of(v)
		due, complete := now.due-from[v].due, now.complete-from[v].complete
		share := float64(complete) / float64(due)
		t.Logf("viewer %d: %d of %d groups, continuity %.5f", i, complete, due, share)
		if share < least {
			t.Errorf("viewer %d: continuity %.5f; want at least %v", i, share, least)
		}
	}
	var after held
	eventually(t, 10*time.Second, "nothing has leaked", func() bool {
		after = holds(t)
		t.Logf("held before %+v, now %+v", before, after)
		return after.goroutines <= before.goroutines+10 && after.descriptors <= before.descriptors+10 && after.processes <= before.processes
	})
	if after.memory > 2*before.memory+32 {
		t.Errorf("the heap grew from %d to %d MiB", before.memory, after.memory)
	}
}
