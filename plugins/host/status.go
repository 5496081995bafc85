package host

import (
	"fmt"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/plugins/bridge"
)

// State says how a plugin is.
type State string

// The states.
const (
	Running State = "running" // at least one process is ready
	Idle    State = "idle"    // no process: nobody asks for one, or the back-off is not over
	Broken  State = "broken"  // the breaker is open
)

// Status describes the plugin of one spec.
type Status struct {
	Kind         bridge.Kind
	Name         string
	Path         string // "" for a built-in
	SHA256       string // the pin, "" for none
	State        State
	Version      string // as the plugin says; "" before it was first ready
	Capabilities []string
	PIDs         []int         // in use
	Standby      int           // process in reserve; 0 for none
	Instances    int           // in a shared process
	Ready        time.Duration // from exec to ready, of the newest process
	Since        time.Time     // start of the newest process
	Restarts     int
	Failures     int              // in a row
	OpenFor      time.Duration    // until the breaker closes by itself; 0 when it is closed
	HealthMisses int              // health checks that were not answered, of all processes
	Calls        report.Histogram // answered or given up, of all processes, in microseconds: opening, step, dial, health check
	LastError    string           // "" for none
}

// Plugins describes every plugin that was asked for as a process, in that order.
func (h *Host) Plugins() []Status {
	h.mu.Lock()
	places := slices.Clone(h.order)
	running := make(map[*place][]*process)
	for p := range h.processes { // order-free: sorted below
		running[p.place] = append(running[p.place], p)
	}
	h.mu.Unlock()
	out := make([]Status, 0, len(places))
	for _, at := range places {
		out = append(out, at.status(running[at]))
	}
	return out
}

func (at *place) status(running []*process) Status {
	at.mu.Lock()
	defer at.mu.Unlock()
	s := Status{
		Kind: at.spec.Kind, Name: at.spec.Name, Path: at.spec.Path, SHA256: at.spec.SHA256, State: Idle,
		Version: at.about.Version, Capabilities: at.capabilities, Instances: at.refs, Ready: at.ready, Since: at.since,
		Restarts: at.restarts, Failures: at.failures, OpenFor: max(0, time.Until(at.open)), HealthMisses: at.misses, Calls: at.calls,
	}
	if at.last != nil {
		s.LastError = at.last.Error()
	}
	for _, p := range running {
		pid := p.cmd.pid()
		switch {
		case pid == 0 || p.over():
		case p.duty == inReserve:
			s.Standby = pid
		default:
			s.PIDs = append(s.PIDs, pid)
		}
	}
	slices.Sort(s.PIDs)
	switch {
	case s.OpenFor > 0:
		s.State = Broken
	case len(s.PIDs) > 0:
		s.State = Running
	}
	return s
}

// Reset closes the breaker of a plugin and forgets its back-off, so that the next request starts it at once. Errors:
// ErrSpec when no such plugin was asked for.
func (h *Host) Reset(kind bridge.Kind, name string) error {
	h.mu.Lock()
	places := slices.Clone(h.order)
	h.mu.Unlock()
	found := false
	for _, at := range places {
		if at.spec.Kind == kind && at.spec.Name == name {
			at.reset()
			found = true
		}
	}
	if !found {
		return fmt.Errorf("%w: %s %q was never asked for as a process", ErrSpec, kind, name)
	}
	return nil
}
