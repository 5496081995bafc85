//go:build unix

package host_test

import (
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/host"
)

func TestTheStatusTellsHowLongCallsTake(t *testing.T) {
	r := newRig(t, nil)
	p, err := r.Policy(t.Context(), parrotSpec(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for i := range uint64(50) {
		p.Step(&scheduler.Batch{Revision: i + 1})
	}
	s := r.Plugins()[0]
	if n := s.Calls.Count(); n < 51 { // the opening, too
		t.Errorf("%d calls were counted", n)
	}
	if p50 := s.Calls.Quantile(0.5); p50 <= 0 || p50 > float64(time.Second.Microseconds()) {
		t.Errorf("half of the calls take %v us", p50)
	}
	if s.State != host.Running || s.OpenFor != 0 || s.HealthMisses != 0 || s.Restarts != 0 || s.Instances != 1 {
		t.Errorf("status %+v", s)
	}
}

func TestAHungProcessIsSeenByItsHealth(t *testing.T) {
	r := newRig(t, nil)
	x := start(t, r, nil)
	stopProcess(t, r.pids()[0])
	err := take(t, x.ended, "end of Run")
	oneLine(t, err, host.ErrPluginDied, "transport/echo", "does not answer")
	if s := r.Plugins()[0]; s.HealthMisses != 2 {
		t.Errorf("%d misses; want 2", s.HealthMisses)
	}
}

// records keeps what is logged, as JSON.
type records struct {
	mu   sync.Mutex
	text strings.Builder
}

func (r *records) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.Write(p)
}

func (r *records) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

func TestEveryRecordNamesThePluginItIsOf(t *testing.T) {
	var log records
	r := newRig(t, func(c *host.Config) { c.Log = slog.New(slog.NewJSONHandler(&log, nil)) })
	made, err := r.Transport(t.Context(), echoSpec(), transport.Config{Identity: make([]byte, 64)})
	if err != nil {
		t.Fatal(err)
	}
	pid := r.pids()[0]
	r.kill(t)
	if made.Run(t.Context(), newSink()) == nil {
		t.Error("Run ended without an error")
	}
	deadline := time.Now().Add(5 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !strings.Contains(log.String(), "plugin died") && time.Now().Before(deadline) {
		<-tick.C
	}
	seen := map[string]bool{}
	for line := range strings.Lines(log.String()) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		message, _, _ := strings.Cut(record["msg"].(string), ";")
		seen[message] = true
		if record["plugin"] != "echo" || record["kind"] != "transport" || record["pid"] != float64(pid) {
			t.Errorf("record %s", line)
		}
		if message == "made" && record["instance"] != 1.0 {
			t.Errorf("record of the first instance: %s", line)
		}
	}
	if !seen["made"] || !seen["plugin died"] {
		t.Errorf("records of %v", seen)
	}
}
