//go:build unix

package host_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/host"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

// standby is the process in reserve of the one plugin of the rig; 0 for none.
func (r *rig) standby() int { return r.Plugins()[0].Standby }

// died waits for the end of a transport whose process was killed.
func died(t *testing.T, x *running) {
	t.Helper()
	if take(t, x.ended, "end of Run") == nil {
		t.Error("Run ended without an error")
	}
}

// noStandby waits until nothing is in reserve.
func (r *rig) noStandby(t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for r.standby() != 0 {
		if time.Now().After(deadline) {
			t.Fatalf("process %d is still in reserve after 5 s", r.standby())
		}
		<-tick.C
	}
}

func TestAProcessInReserveTakesThePlaceOfOneThatDied(t *testing.T) {
	r := newRig(t, nil)
	x := start(t, r, nil)
	host.FillReserves(r.Host)
	spare := r.standby()
	if spare == 0 || spare == r.pids()[0] {
		t.Fatalf("process %d is in reserve beside %v", spare, r.pids())
	}
	first := wait[event.PluginStarted](t, r)
	r.kill(t)
	died(t, x)
	again := start(t, r, nil)
	again.dial(t)
	if pids := r.pids(); len(pids) != 1 || pids[0] != spare {
		t.Errorf("processes %v; want %d, which was in reserve", pids, spare)
	}
	if e := wait[event.PluginRestarted](t, r); e.PID != spare || e.Restarts != 1 {
		t.Errorf("event %+v", e)
	}
	host.FillReserves(r.Host)
	if next := r.standby(); next == 0 || next == spare {
		t.Errorf("process %d is in reserve now", next)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if e, ok := e.(event.PluginStarted); ok && e.PID != first.PID {
			t.Errorf("event %+v of a process in reserve", e)
		}
	}
}

// TestADeathIsToldBeforeTheProcessInReserveIsInUse asks for another transport as soon as the one before has ended.
func TestADeathIsToldBeforeTheProcessInReserveIsInUse(t *testing.T) {
	r := newRig(t, nil)
	for n := range 20 {
		host.SkipBackoff(r.Host)
		if err := r.Reset(bridge.KindTransport, "echo"); n > 0 && err != nil {
			t.Fatal(err)
		}
		made, err := r.Transport(t.Context(), echoSpec(), plainTransport())
		if err != nil {
			t.Fatal(err)
		}
		host.FillReserves(r.Host)
		r.kill(t)
		if made.Run(t.Context(), newSink()) == nil {
			t.Error("Run ended without an error")
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	lives := 0
	for _, e := range r.events {
		switch e.(type) {
		case event.PluginStarted, event.PluginRestarted:
			lives++
		case event.PluginDied:
			lives--
		}
		if lives < 0 || lives > 1 {
			t.Fatalf("%d processes are in use, by the events %+v", lives, r.events)
		}
	}
}

func TestAProcessInReserveHasNoHealthFromBeforeItWasUsed(t *testing.T) {
	r := newRig(t, nil)
	for n := range 3 {
		x := start(t, r, nil)
		host.FillReserves(r.Host)
		host.AgeReserves(r.Host)
		r.kill(t)
		died(t, x)
		wait[event.PluginDied](t, r)
		host.SkipBackoff(r.Host)
		if s := r.Plugins()[0]; s.Failures != n+1 {
			t.Errorf("%d failures in a row; want %d", s.Failures, n+1)
		}
	}
}

func TestTheDeathOfAProcessInReserveIsNobodysLoss(t *testing.T) {
	r := newRig(t, nil)
	x := start(t, r, nil)
	host.FillReserves(r.Host)
	spare := r.standby()
	if err := syscall.Kill(spare, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	r.noStandby(t)
	if s := r.Plugins()[0]; s.Standby != 0 || s.Failures != 0 || s.Restarts != 0 || s.State != host.Running {
		t.Errorf("status %+v", s)
	}
	x.dial(t) // the one in use lives
	r.kill(t)
	died(t, x)
	start(t, r, nil).dial(t)
	died := 0
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if _, ok := e.(event.PluginDied); ok {
			died++
		}
	}
	if died != 1 {
		t.Errorf("%d deaths were told; want that of the one in use", died)
	}
}

func TestNothingIsInReserveForWhatNobodyUses(t *testing.T) {
	r := newRig(t, nil)
	x := start(t, r, nil)
	host.FillReserves(r.Host)
	spare := r.standby()
	x.stop()
	if err := take(t, x.ended, "end of Run"); err != nil {
		t.Fatal(err)
	}
	gone(t, spare, 5*time.Second)
	r.noStandby(t)
	host.FillReserves(r.Host)
	if p := r.standby(); p != 0 {
		t.Errorf("process %d is in reserve", p)
	}
}

func TestNothingIsInReserveWhereNothingIsToBe(t *testing.T) {
	r := newRig(t, nil)
	spec := echoSpec()
	spec.Standby = host.Cold
	made, err := r.Transport(t.Context(), spec, plainTransport())
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.Policy(t.Context(), parrotSpec(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	host.FillReserves(r.Host)
	for _, s := range r.Plugins() {
		if s.Standby != 0 {
			t.Errorf("process %d is in reserve of %s/%s", s.Standby, s.Kind, s.Name)
		}
	}
	_ = made
}

func TestAProcessInReserveOfAnotherFileIsNotUsed(t *testing.T) {
	self := plugintest.Self(t)
	binary, err := os.ReadFile(self[0])
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "mine")
	if err := os.WriteFile(path, binary, 0o755); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, nil)
	spec := host.Spec{Kind: bridge.KindTransport, Name: "echo", Path: path, Args: append(self[1:], "transport/echo")}
	made, err := r.Transport(t.Context(), spec, plainTransport())
	if err != nil {
		t.Fatal(err)
	}
	host.FillReserves(r.Host)
	spare := r.standby()
	if spare == 0 {
		t.Fatal("nothing is in reserve")
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(path, later, later); err != nil {
		t.Fatal(err)
	}
	r.kill(t)
	if made.Run(t.Context(), newSink()) == nil {
		t.Error("Run ended without an error")
	}
	if _, err := r.Transport(t.Context(), spec, plainTransport()); err != nil {
		t.Fatal(err)
	}
	if pids := r.pids(); len(pids) != 1 || pids[0] == spare {
		t.Errorf("processes %v; %d was started from the file that was there before", pids, spare)
	}
	gone(t, spare, 5*time.Second)
}
