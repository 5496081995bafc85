package trial

import (
	"os"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/usage"
)

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
