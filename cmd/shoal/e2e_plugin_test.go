//go:build linux

package main_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shoal-live/shoal/api/control"
	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/watch"
	"github.com/shoal-live/shoal/core/event"
)

// plugin is the state of the plugin of a kind.
func plugin(t *testing.T, all []control.Plugin, kind string) control.Plugin {
	t.Helper()
	i := slices.IndexFunc(all, func(p control.Plugin) bool { return p.Kind == kind })
	if i < 0 {
		t.Fatalf("no %s among %+v", kind, all)
	}
	return all[i]
}

// killed kills the process of a plugin, and waits until another runs in its place.
func killed(t *testing.T, all func() []control.Plugin, kind string) {
	t.Helper()
	eventually(t, 5*time.Second, "the "+kind+" runs", func() bool { return plugin(t, all(), kind).PID != 0 })
	before := plugin(t, all(), kind)
	if err := syscall.Kill(before.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	took := eventually(t, 5*time.Second, "the "+kind+" runs again", func() bool {
		now := plugin(t, all(), kind)
		return now.PID != 0 && now.PID != before.PID && now.Restarts > before.Restarts
	})
	t.Logf("the %s runs again after %v", kind, took)
}

// lost is the longest time that is missing of the sound of what a viewer plays out while f runs, and until 2 s of
// what came after it are played.
func lost(t *testing.T, v *viewer, f func()) time.Duration {
	t.Helper()
	from := v.recorded(t).end
	f()
	middle := v.recorded(t).end
	var r recording
	eventually(t, 20*time.Second, "the viewer has played 3 s more", func() bool {
		r = v.recorded(t)
		return r.end > middle+3*time.Second
	})
	return r.lost(from)
}

func TestKilledPluginsOfTheSourceAreStartedAgainAndViewersLoseLittle(t *testing.T) {
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	c := loopback(t, media.APIURL())
	isolate(&c, config.Process)
	s := startSource(t, c)
	told := onTheBus(t, s.Bus())
	url := s.live(t, "cam1")
	v := startViewer(t, watch.Options{URL: url, Pipe: filepath.Join(t.TempDir(), "played.mp4")})
	viewers := append(audience(t, url, 2), v)
	play(t, viewers, 40)
	for _, one := range []struct {
		kind  string
		limit time.Duration // of the media that may be lost
	}{
		{"policy", 0},
		{"transport", time.Second},
	} {
		gone := lost(t, v, func() { killed(t, s.Plugins, one.kind) })
		t.Logf("%s: %v of media lost", one.kind, gone)
		if gone > one.limit {
			t.Errorf("%v of media lost when the %s was killed, want at most %v", gone, one.kind, one.limit)
		}
	}
	epochs := len(happened[event.StreamAvailable](s.history))
	killed(t, s.Plugins, "ingest")
	eventually(t, 5*time.Second, "the ingest publishes again", func() bool {
		return len(happened[event.StreamAvailable](s.history)) > epochs
	})
	play(t, viewers, 20)
	for _, did := range []string{"died", "restarted"} {
		for _, name := range []string{"quic", "substream", "mediamtx"} {
			subject := fmt.Sprintf("shoal.v1.plugin.%s.%s", name, did)
			eventually(t, 2*time.Second, "the bus tells "+subject, func() bool { return told(func(s string) bool { return s == subject }) > 0 })
		}
	}
}

func TestKilledPluginsOfAViewerAreStartedAgainAndItPlaysOn(t *testing.T) {
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	s := startSource(t, loopback(t, media.APIURL()))
	url := s.live(t, "cam1")
	others := audience(t, url, 2)
	v := startViewer(t, watch.Options{URL: url, Isolation: config.Process, HLS: "127.0.0.1:0", Pipe: filepath.Join(t.TempDir(), "played.mp4")})
	v.plays(t, 40)
	for _, k := range []struct {
		kind  string
		limit time.Duration
	}{
		{"policy", 0},
		{"egress", 0}, // of the other outputs
		{"transport", time.Second},
	} {
		gone := lost(t, v, func() { killed(t, v.Plugins, k.kind) })
		t.Logf("%s: %v of media lost", k.kind, gone)
		if gone > k.limit {
			t.Errorf("%v of media lost when the %s was killed, want at most %v", gone, k.kind, k.limit)
		}
	}
	play(t, others, 10)
	if died, again := happened[event.PluginDied](v.history), happened[event.PluginRestarted](v.history); len(died) < 3 || len(again) < 3 {
		t.Errorf("%d events about deaths and %d about restarts, want 3 each: %+v", len(died), len(again), died)
	}
}

// descendants lists the processes below pid.
func descendants(t *testing.T, pid int) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	children := make(map[int][]int)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // it has ended meanwhile
		}
		fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
		parent, _ := strconv.Atoi(fields[1])
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(f)))
		children[parent] = append(children[parent], child)
	}
	var list []int
	for todo := []int{pid}; len(todo) > 0; todo = todo[1:] {
		list = append(list, children[todo[0]]...)
		todo = append(todo, children[todo[0]]...)
	}
	return list
}

func alive(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !strings.HasPrefix(string(b[strings.LastIndexByte(string(b), ')')+1:]), " Z")
}

func TestNoPluginOutlivesAKilledHost(t *testing.T) {
	elsewhere(t)
	t.Parallel()
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	s := startSource(t, loopback(t, media.APIURL()))
	url := s.live(t, "cam1")
	p := start(t, "watch", "--hls=127.0.0.1:0", "--rtsp=127.0.0.1:0", "--listen=127.0.0.1:0", url)
	p.says(t, "rtsp: ")
	var plugins []int
	eventually(t, 5*time.Second, "transport, policy and two egresses run", func() bool {
		plugins = descendants(t, p.cmd.Process.Pid)
		return len(plugins) >= 4
	})
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	took := eventually(t, 2*time.Second, "the plugins have ended", func() bool { return !slices.ContainsFunc(plugins, alive) })
	t.Logf("%d plugins ended within %v", len(plugins), took)
	var exit *exec.ExitError
	if err := p.wait(t, time.Second); !errors.As(err, &exit) {
		t.Errorf("it ended with %v", err)
	}
}
