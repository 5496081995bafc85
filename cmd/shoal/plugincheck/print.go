package plugincheck

import (
	"fmt"
	"io"
	"strings"

	"github.com/shoal-live/shoal/core/scheduler"
)

// mostPrinted is how many lines of a reason people are shown.
const mostPrinted = 8

// Printer writes a check for people, as it goes.
type Printer struct{ W io.Writer }

// Start says who is judged.
func (p Printer) Start(r *Result) {
	if r.Kind == "" {
		fmt.Fprintf(p.W, "%s\n\n", r.Plugin)
		return
	}
	version := r.Version
	if version == "" {
		version = "unknown"
	}
	fmt.Fprintf(p.W, "%s: %s/%s, version %s, protocol %d\n\n", r.Plugin, r.Kind, r.Name, version, r.Protocol)
}

// Clause says one verdict.
func (p Printer) Clause(c Clause) {
	word := string(c.Verdict)
	switch c.Verdict {
	case Fail:
		word = "FAIL"
	case NotApplicable:
		word = "n/a"
	case Pass, Flaky:
	}
	fmt.Fprintf(p.W, "%-5s %s (%.2f s)\n", word, c.Sentence, c.Seconds)
	n := 0
	for line := range strings.Lines(c.Reason) {
		if n++; n > mostPrinted {
			fmt.Fprintf(p.W, "      and more (--json gives all of it)\n")
			return
		}
		fmt.Fprintf(p.W, "      %s\n", strings.TrimRight(line, "\n"))
	}
}

// End says how fast the plugin is, and counts the verdicts.
func (p Printer) End(r *Result) {
	if r.Timing != nil {
		p.timing(r.Timing)
	}
	flaky := ""
	if r.Flaky > 0 {
		flaky = fmt.Sprintf("%d flaky, ", r.Flaky)
	}
	fmt.Fprintf(p.W, "\n%d pass, %d fail, %s%d not applicable, in %.1f s\n", r.Passed, r.Failed, flaky, r.NotApplicable, r.Seconds)
}

func (p Printer) timing(t *Timing) {
	fmt.Fprintln(p.W)
	line := func(what, format string, args ...any) {
		fmt.Fprintf(p.W, "%-16s %s\n", what, fmt.Sprintf(format, args...))
	}
	if t.Ready != nil {
		line("start to ready", "%v", t.Ready)
	}
	if t.Call != nil {
		line("small call", "%v", t.Call)
	}
	if o := t.Policy; o != nil {
		line("empty batch", "%v", o.Step)
		line("largest batch", "%s for %d changes; the host waits %v", short(o.Largest), o.Changes, scheduler.Patience)
	}
	if c := t.Carrying; c != nil {
		line("dial to up", "%s", short(c.LinkUp))
		line("paced stream", "%v, %.1f %% lost: %d B frames at %.0f Mb/s, between two processes", c.Delay, 100*c.Lost, c.Frame, c.Rate/1e6)
		line("most", "%.0f Mb/s received, %.1f %% lost", c.MostBps/1e6, 100*c.MostLost)
	}
	for _, problem := range t.Problems {
		line("not measured", "%s", problem)
	}
}
