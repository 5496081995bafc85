package simulate

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// printCohorts writes what some of the viewers reached, by policy; nothing when all are of one kind.
func printCohorts(w io.Writer, list []Set) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "\nviewers\tpolicy\tcount\tdelay p99\tstartup p95\tcontinuity\tworst 1 %%\tupload\n")
	rows := 0
	for _, c := range list {
		r := c.Runs[0].Report
		for _, name := range slices.Sorted(maps.Keys(r.Cohorts)) {
			h := r.Cohorts[name]
			if h.Viewers == r.Viewers {
				continue
			}
			rows++
			fmt.Fprintf(tw, "%s\t%s, seed %d\t%d\t%.0f ms\t%.0f ms\t%.5f\t%.5f\t%.3g Mb/s\n",
				name, c.Policy, r.Seed, h.Viewers, h.DelayMS.P99, h.StartupMS.P95, h.Continuity.Mean, h.Continuity.Worst1Pct, h.UploadBps/1e6)
		}
	}
	if rows == 0 {
		return nil
	}
	return tw.Flush()
}
