package trial

import (
	"os"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/usage"
)

func TestTheMeterKeepsWhatADeadProcessHadTaken(t *testing.T) {
	if usage.Self().CPU == 0 {
		t.Skip("SKIPPED: this system does not say what a process takes; Linux does")
	}
	m := &meter{at: time.Now(), parts: []part{{name: "a"}, {name: "conductor", pids: []int{os.Getpid()}}}}
	m.parts[1].cpu = m.parts[1].used().CPU
	h, err := hire([]string{"/bin/sh", "-c", "while :; do :; done"}, t.TempDir(), "busy")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.kill)
	m.pids("a", h.cmd.Process.Pid)
	for m.parts[0].used().CPU < 200*time.Millisecond {
	}
	m.lose("a", h.kill)
	list, all := m.read()
	spent := time.Since(m.at).Seconds()
	if list[0].CPU*spent < 0.15 || all.CPU < 150*time.Millisecond || list[0].Resident != 0 {
		t.Errorf("the dead one took %+v in %.2f s, all together %+v, want at least 0.2 s", list[0], spent, all)
	}
}

func TestTheMeterTellsTheConductorFromWhatItStarted(t *testing.T) {
	if usage.Self().CPU == 0 {
		t.Skip("SKIPPED: this system does not say what a process takes; Linux does")
	}
	m := &meter{at: time.Now(), parts: []part{{name: "a", pids: []int{os.Getpid()}}, {name: "conductor", pids: []int{os.Getpid()}}}}
	for i := range m.parts {
		m.parts[i].cpu = m.parts[i].used().CPU
	}
	began := usage.Self().CPU
	for usage.Self().CPU < began+200*time.Millisecond {
	}
	list, all := m.read()
	if len(list) != 2 || list[0].Part != "a" || list[1].Part != "conductor" {
		t.Fatalf("parts %+v", list)
	}
	if list[0].CPU <= 0 || list[0].Resident == 0 || all.CPU < 200*time.Millisecond || all.Largest == 0 {
		t.Errorf("what was busy took %+v, all together %+v", list[0], all)
	}
	if list[1].CPU > list[0].CPU/2 {
		t.Errorf("the conductor took %+v, which is the other's %+v", list[1], list[0])
	}
}
