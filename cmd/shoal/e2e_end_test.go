//go:build linux

package main_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
)

// endsAtInterrupt checks that a process ends within 2 s of Ctrl-C, with all its own, and leaves no file behind but in its
// data folder.
func (p *process) endsAtInterrupt(t *testing.T) {
	t.Helper()
	below := descendants(t, p.cmd.Process.Pid)
	_ = p.cmd.Process.Signal(os.Interrupt) // an error means that it has ended
	began := time.Now()
	_ = p.wait(t, 10*time.Second)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v to end", took)
	}
	if slices.ContainsFunc(below, alive) {
		t.Errorf("some of its processes %v are left", below)
	}
	for _, dir := range []string{p.temp, p.folder} {
		left, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		left = slices.DeleteFunc(left, func(f string) bool { return filepath.Base(f) == "shoal-data" })
		if len(left) > 0 {
			t.Errorf("files are left: %v", left)
		}
	}
}

func TestInterruptEndsEveryCommandAndAllItsProcesses(t *testing.T) {
	elsewhere(t)
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	config := filepath.Join(t.TempDir(), "shoal.yml")
	writeFile(t, config, strings.Join([]string{
		"mediamtx: {api: '" + media.APIURL() + "', poll: 200ms}",
		"rendezvous: {listen: '127.0.0.1:0', stun: ['127.0.0.1:0']}",
		"bus: {listen: '127.0.0.1:0'}",
		"control: {listen: '127.0.0.1:0'}",
		"transport: {listen: '127.0.0.1:0'}",
	}, "\n"))
	s := start(t, "serve", config)
	url := s.says(t, "cam1 is live: ")
	v := start(t, "watch", "--hls=127.0.0.1:0", "--rtsp=127.0.0.1:0", "--listen=127.0.0.1:0", url)
	v.says(t, "rtsp: ")
	h := start(t, "helper", "--listen=127.0.0.1:0", url)
	h.says(t, "relays to ")
	r := start(t, "rendezvous", config, "--listen", "127.0.0.1:0", "--publish", strings.Repeat("ab", 32))
	r.says(t, "rendezvous at ")
	h.endsAtInterrupt(t)
	v.endsAtInterrupt(t)
	s.endsAtInterrupt(t)
	r.endsAtInterrupt(t)
}
