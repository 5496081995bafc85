package simulate

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/shoal-live/shoal/core/report"
)

// measure is one row of a summary.
type measure struct {
	name  string
	of    func(*report.Report) float64
	unit  unit
	bound func(*report.Report) string // beside what was measured; nil for none
}

// unit says how a number is written.
type unit uint8

const (
	milliseconds unit = iota
	percent
	share // of one, where each hundredth of a percent counts
	times
	count
)

func (u unit) show(v float64) string {
	switch u {
	case milliseconds:
		return fmt.Sprintf("%.0f ms", v)
	case percent:
		return fmt.Sprintf("%.1f %%", 100*v)
	case share:
		return fmt.Sprintf("%.5f", v)
	case times:
		return fmt.Sprintf("%.2f", v)
	default:
		return fmt.Sprintf("%.4g", v)
	}
}

// measures are the rows, from top to bottom.
func measures() []measure {
	return []measure{
		{"delay p50", func(r *report.Report) float64 { return r.DelayMS.P50 }, milliseconds, nil},
		{"delay p95", func(r *report.Report) float64 { return r.DelayMS.P95 }, milliseconds, nil},
		{"delay p99", func(r *report.Report) float64 { return r.DelayMS.P99 }, milliseconds, func(r *report.Report) string {
			return fmt.Sprintf("burst %.0f ms, postal %.0f ms, chunk steps %.0f ms", r.BoundMS.Burst, r.BoundMS.Postal, r.BoundMS.ChunkSteps)
		}},
		{"delay p99.9", func(r *report.Report) float64 { return r.DelayMS.P999 }, milliseconds, nil},
		{"delay p99, while playing", func(r *report.Report) float64 { return r.WatchedMS.P99 }, milliseconds, nil},
		{"stretch", func(r *report.Report) float64 { return r.Stretch }, times, func(*report.Report) string { return "1: delay p99 / burst" }},
		{"playout p95", func(r *report.Report) float64 { return r.PlayoutMS.P95 }, milliseconds, nil},
		{"startup p50", func(r *report.Report) float64 { return r.StartupMS.P50 }, milliseconds, nil},
		{"startup p95", func(r *report.Report) float64 { return r.StartupMS.P95 }, milliseconds, nil},
		{"continuity", func(r *report.Report) float64 { return r.Continuity.Mean }, share, nil},
		{"continuity, worst 1 %", func(r *report.Report) float64 { return r.Continuity.Worst1Pct }, share, nil},
		{"chunks in time", func(r *report.Report) float64 { return r.ChunkContinuity }, share, nil},
		{"never played", func(r *report.Report) float64 { return float64(r.NeverPlayed) }, count, nil},
		{"source copies", func(r *report.Report) float64 { return r.SourceEgressRatio }, times, func(r *report.Report) string {
			if r.SourceCapBps == 0 {
				return ""
			}
			return fmt.Sprintf("uplink %.4g Mb/s; at most %.4g Mb in one second", r.SourceCapBps/1e6, r.Max1sEgressBps/1e6)
		}},
		{"offload", func(r *report.Report) float64 { return r.Offload }, percent, nil},
		{"duplicates", func(r *report.Report) float64 { return r.DuplicateRatio }, percent, nil},
		{"redundancy", func(r *report.Report) float64 { return r.RedundancyRatio }, percent, nil},
		{"control", func(r *report.Report) float64 { return r.ControlRatio }, percent, nil},
		{"rejected chunks", func(r *report.Report) float64 { return float64(r.RejectedChunks) }, count, nil},
	}
}

// cell is the mean over the seeds and, where there are several, the least and the greatest.
func (c *Set) cell(m *measure) string {
	sum := 0.0
	least, most := m.of(c.Runs[0].Report), m.of(c.Runs[0].Report)
	for _, r := range c.Runs {
		v := m.of(r.Report)
		sum += v
		least, most = min(least, v), max(most, v)
	}
	text := m.unit.show(sum / float64(len(c.Runs)))
	if least < most {
		number := func(v float64) string { n, _, _ := strings.Cut(m.unit.show(v), " "); return n }
		text += fmt.Sprintf(" (%s..%s)", number(least), number(most))
	}
	return text
}

// Print writes what the runs reached as one table for each number of viewers: a row for each measure, a column for each policy,
// and the bounds beside them. With several seeds it shows means, and from where to where they go. With several numbers of
// viewers a last table has a row for each of them. The runs are as All gives them.
func Print(w io.Writer, runs []*Run) error {
	list := Sets(runs)
	numbers := sizes(list)
	for _, viewers := range numbers {
		if err := printSize(w, sized(list, viewers)); err != nil {
			return err
		}
		if len(numbers) > 1 {
			if _, err := fmt.Fprintln(w); err != nil {
				return err
			}
		}
	}
	if len(numbers) > 1 {
		return printGrowth(w, list)
	}
	return nil
}

// printSize writes what was reached with one number of viewers.
func printSize(w io.Writer, list []Set) error {
	first := list[0].Runs[0].Report
	index := "no resource index, for an uplink has no limit"
	if first.ResourceIndex > 0 {
		index = fmt.Sprintf("resource index %.3g", first.ResourceIndex)
	}
	if _, err := fmt.Fprintf(w, "%d viewers, %s, seed %d, %.4g Mb/s, %s\n\n",
		first.Viewers, lasted(list), first.Seed, first.StreamBps/1e6, index); err != nil {
		return err
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name string, cells []string) { fmt.Fprintf(tw, "%s\t%s\n", name, strings.Join(cells, "\t")) }
	var heads []string
	for _, c := range list {
		heads = append(heads, heading(&c))
	}
	row("", append(heads, "bound"))
	for _, m := range measures() {
		var cells []string
		for _, c := range list {
			cells = append(cells, c.cell(&m))
		}
		if m.bound != nil {
			cells = append(cells, m.bound(first))
		}
		row(m.name, cells)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if err := printStreams(w, list); err != nil {
		return err
	}
	return printCohorts(w, list)
}

func heading(c *Set) string {
	if len(c.Runs) > 1 {
		return fmt.Sprintf("%s, %d seeds", c.Policy, len(c.Runs))
	}
	return c.Policy
}

// lasted says how long the runs are, and whether some were stopped.
func lasted(list []Set) string {
	least, most := list[0].Runs[0].Report.DurationS, 0.0
	whole := true
	for _, s := range list {
		for _, r := range s.Runs {
			least, most = min(least, r.Report.DurationS), max(most, r.Report.DurationS)
			whole = whole && r.Whole
		}
	}
	switch {
	case whole:
		return fmt.Sprintf("%g s", most)
	case least < most:
		return fmt.Sprintf("stopped: %g to %g s", least, most)
	}
	return fmt.Sprintf("stopped after %g s", most)
}
