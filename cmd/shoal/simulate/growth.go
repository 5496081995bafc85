package simulate

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/shoal-live/shoal/core/report"
)

// printGrowth writes how delay and continuity go with the number of viewers: a row for each number and policy.
func printGrowth(w io.Writer, list []Set) error {
	rows := []measure{
		{"delay p50", func(r *report.Report) float64 { return r.DelayMS.P50 }, milliseconds, nil},
		{"delay p99", func(r *report.Report) float64 { return r.DelayMS.P99 }, milliseconds, nil},
		{"burst bound", func(r *report.Report) float64 { return r.BoundMS.Burst }, milliseconds, nil},
		{"stretch", func(r *report.Report) float64 { return r.Stretch }, times, nil},
		{"continuity", func(r *report.Report) float64 { return r.Continuity.Mean }, share, nil},
		{"source copies", func(r *report.Report) float64 { return r.SourceEgressRatio }, times, nil},
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprint(tw, "policy\tviewers")
	for _, m := range rows {
		fmt.Fprintf(tw, "\t%s", m.name)
	}
	fmt.Fprintln(tw)
	for _, s := range list {
		fmt.Fprintf(tw, "%s\t%d", heading(&s), s.Viewers)
		for _, m := range rows {
			fmt.Fprintf(tw, "\t%s", s.cell(&m))
		}
		fmt.Fprintln(tw)
	}
	return tw.Flush()
}
