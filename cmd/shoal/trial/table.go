package trial

import (
	"fmt"
	"io"
	"math"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/shoal-live/shoal/core/report"
)

// Text is one line of how far the trial is.
func (p Progress) Text() string {
	return fmt.Sprintf("%.0f of %.0f s: %d viewers have joined, %d play, delay p99 %.0f ms, %.2f %% complete",
		p.At.Seconds(), p.Of.Seconds(), p.Joined, p.Playing, p.Delay, 100*p.Whole)
}

// figure is one row of the table.
type figure struct {
	name   string
	of     func(*report.Report) float64
	format string
	apart  bool // simulator and trial are compared
}

// figures are the rows, from top to bottom.
func figures() []figure {
	return []figure{
		{"delay p50", func(r *report.Report) float64 { return r.DelayMS.P50 }, "%.0f ms", true},
		{"delay p95", func(r *report.Report) float64 { return r.DelayMS.P95 }, "%.0f ms", true},
		{"delay p99", func(r *report.Report) float64 { return r.DelayMS.P99 }, "%.0f ms", true},
		{"delay p99.9", func(r *report.Report) float64 { return r.DelayMS.P999 }, "%.0f ms", true},
		{"delay p99, while playing", func(r *report.Report) float64 { return r.WatchedMS.P99 }, "%.0f ms", true},
		{"stretch (p99 / burst bound)", func(r *report.Report) float64 { return r.Stretch }, "%.2f", true},
		{"playout p95", func(r *report.Report) float64 { return r.PlayoutMS.P95 }, "%.0f ms", true},
		{"playout p99", func(r *report.Report) float64 { return r.PlayoutMS.P99 }, "%.0f ms", true},
		{"startup p50", func(r *report.Report) float64 { return r.StartupMS.P50 }, "%.0f ms", true},
		{"startup p95", func(r *report.Report) float64 { return r.StartupMS.P95 }, "%.0f ms", true},
		{"continuity", func(r *report.Report) float64 { return r.Continuity.Mean }, "%.5f", false},
		{"continuity, worst 1 %", func(r *report.Report) float64 { return r.Continuity.Worst1Pct }, "%.5f", false},
		{"never played", func(r *report.Report) float64 { return float64(r.NeverPlayed) }, "%.0f", false},
		{"source copies", func(r *report.Report) float64 { return r.SourceEgressRatio }, "%.2f", true},
		{"source, most in a second, Mb", func(r *report.Report) float64 { return r.Max1sEgressBps / 1e6 }, "%.2f", true},
		{"offload, %", func(r *report.Report) float64 { return 100 * r.Offload }, "%.1f", true},
		{"duplicates, %", func(r *report.Report) float64 { return 100 * r.DuplicateRatio }, "%.1f", true},
		{"repair, %", func(r *report.Report) float64 { return 100 * r.RepairRatio }, "%.1f", true},
		{"redundancy, %", func(r *report.Report) float64 { return 100 * r.RedundancyRatio }, "%.1f", true},
		{"control, %", func(r *report.Report) float64 { return 100 * r.ControlRatio }, "%.1f", true},
		{"rejected chunks", func(r *report.Report) float64 { return float64(r.RejectedChunks) }, "%.0f", false},
	}
}

// most is by how much simulator and trial may differ before the table says so.
const most = 0.2

// Print writes what the trial reached as a table, beside what the simulator says of the same scenario, nil where it was not asked;
// then what each part took, what was found of the frames, and the other ways to have the stream.
func Print(w io.Writer, result *Result, simulated *report.Report) error {
	r := result.Report
	stopped := ""
	if !result.Whole {
		stopped = ", stopped"
	}
	_, err := fmt.Fprintf(w, "%d viewers, %.0f s%s, seed %d, %.4g Mb/s, resource index %.3g, burst bound %.0f ms, policy %s\n\n",
		r.Viewers, r.DurationS, stopped, r.Seed, r.StreamBps/1e6, r.ResourceIndex, r.BoundMS.Burst, r.Policy)
	if err != nil {
		return err
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(cells ...string) { fmt.Fprintf(tw, "%s\n", strings.Join(cells, "\t")) }
	if simulated != nil {
		row("", "trial", "simulator", "trial / simulator")
	}
	for _, f := range figures() {
		cells := []string{f.name, fmt.Sprintf(f.format, f.of(r))}
		if simulated != nil {
			cells = append(cells, fmt.Sprintf(f.format, f.of(simulated)))
			if f.apart {
				cells = append(cells, apart(f.of(r), f.of(simulated)))
			}
		}
		row(cells...)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if err := printUsed(w, result); err != nil {
		return err
	}
	if err := printRestarts(w, result.Restarts); err != nil {
		return err
	}
	if err := printPoison(w, result.Poison); err != nil {
		return err
	}
	if err := printMedia(w, result.Media); err != nil {
		return err
	}
	return printWays(w, result.Ways)
}

// apart is the ratio of two figures, and says where they are far from each other.
func apart(trial, simulated float64) string {
	if simulated == 0 {
		return ""
	}
	ratio := trial / simulated
	if math.Abs(math.Log(ratio)) > math.Log1p(most) {
		return fmt.Sprintf("%.2f  apart", ratio)
	}
	return fmt.Sprintf("%.2f", ratio)
}

func printUsed(w io.Writer, result *Result) error {
	var sum float64
	var parts []string
	for _, u := range result.Used {
		sum += u.CPU
		parts = append(parts, fmt.Sprintf("%s %.0f %%, %.0f MB", u.Part, 100*u.CPU, float64(u.Resident)/1e6))
	}
	_, err := fmt.Fprintf(w, "\nprocessor %.0f %% of one core: %s; at most %d link ends at a viewer; over %v\n",
		100*sum, strings.Join(parts, "; "), result.Links, time.Duration(result.Report.DurationS*float64(time.Second)).Round(time.Second))
	return err
}
