package host_test

import (
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/plugins/host"
)

// limited is a policy that does as step says, in a process with limits.
func limited(t *testing.T, r *rig, step string, l host.Limits) host.PolicyClient {
	t.Helper()
	spec := parrotSpec()
	spec.Limits = l
	p, err := r.Policy(t.Context(), spec, map[string]string{"step": step})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func TestAPluginBeyondItsMemoryIsKilledAndSaysSo(t *testing.T) {
	if underRace {
		t.Skip("SKIPPED: the race detector's own memory counts; go test without -race runs it")
	}
	for step, words := range map[string][]string{
		"grow":      {"MiB of memory", "limit of 200 MiB", "limits.memory"},
		"grow fast": {"out of memory", "limits.memory"}, // the kernel refuses before anybody has looked
	} {
		t.Run(step, func(t *testing.T) {
			r := newRig(t, nil)
			p := limited(t, r, step, host.Limits{Memory: 200 << 20})
			alive := func() bool {
				select {
				case <-p.Done():
					return false
				default:
					return true
				}
			}
			for i := uint64(1); i < 1000 && alive(); i++ {
				p.Step(&scheduler.Batch{Revision: i})
			}
			take(t, p.Done(), "Done")
			oneLine(t, p.Err(), host.ErrPluginDied, append(words, "policy/parrot")...)
			wait[event.PluginDied](t, r)
			host.SkipBackoff(r.Host)
			if a := limited(t, r, "", host.Limits{Memory: 200 << 20}).Step(&scheduler.Batch{Revision: 1}); len(a.Actions) != 1 {
				t.Errorf("started again it answers %+v", a)
			}
		})
	}
}

func TestAPluginBeyondItsProcessorTimeIsHeldUpAndStillAnswers(t *testing.T) {
	r := newRig(t, nil)
	const cores = 0.3
	p := limited(t, r, "burn", host.Limits{CPU: cores})
	pid := r.pids()[0]
	before, began := processTime(t, pid), time.Now()
	for i := uint64(1); time.Since(began) < 3*time.Second; i++ {
		if a := p.Step(&scheduler.Batch{Revision: i}); len(a.Actions) != 1 {
			t.Fatalf("answer %d is %+v, %v", i, a, p.Err())
		}
	}
	most := time.Duration(cores*float64(time.Since(began)+time.Second)) + 100*time.Millisecond // what was saved up, and one look
	if d := processTime(t, pid) - before; d > most || d < most/3 {
		t.Errorf("it has used %v in %v; %v is the most", d, time.Since(began), most)
	}
}

func TestAPluginThatLeaksDescriptorsIsKilledAndSaysSo(t *testing.T) {
	r := newRig(t, nil)
	p := limited(t, r, "leak", host.Limits{Files: 100})
	p.Step(&scheduler.Batch{Revision: 1})
	take(t, p.Done(), "Done")
	oneLine(t, p.Err(), host.ErrPluginDied, "policy/parrot", "its limit of 100 open files", "limits.files")
	host.SkipBackoff(r.Host)
	if a := limited(t, r, "", host.Limits{Files: 100}).Step(&scheduler.Batch{Revision: 1}); len(a.Actions) != 1 {
		t.Errorf("started again it answers %+v", a)
	}
	wait[event.PluginRestarted](t, r)
}

func TestAPluginHasNoPrivilegesThatItDoesNotNeed(t *testing.T) {
	r := newRig(t, nil)
	_, err := r.Policy(t.Context(), parrotSpec(), map[string]string{"step": "status"})
	if err == nil {
		t.Fatal("no status")
	}
	if !strings.Contains(err.Error(), "NoNewPrivs:\t1") {
		t.Errorf("it may gain privileges: %v", err)
	}
	if _, all, ok := strings.Cut(err.Error(), "CapEff:\t"); ok {
		effective, _, _ := strings.Cut(all, "\n")
		if effective != "0000000000000000" && effective != "0000000000001402" {
			t.Errorf("its capabilities are %s", effective)
		}
	}
}

func TestLimitsThatCannotBeAreRefused(t *testing.T) {
	r := newRig(t, nil)
	for word, l := range map[string]host.Limits{
		"limits.memory is 1 bytes": {Memory: 1},
		"limits.cpu is 0.01 cores": {CPU: 0.01},
		"limits.cpu is -1 cores":   {CPU: -1},
		"limits.files is 3":        {Files: 3},
	} {
		spec := parrotSpec()
		spec.Limits = l
		_, err := r.Policy(t.Context(), spec, nil)
		oneLine(t, err, host.ErrSpec, "policy/parrot", word, "give it")
	}
}
