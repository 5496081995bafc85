package simulate

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// printStreams writes what each of several streams got of the uplinks, by policy; nothing of a single one.
func printStreams(w io.Writer, list []Set) error {
	if len(list[0].Runs[0].Report.Streams) == 0 {
		return nil
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "\nstream\tpolicy\tweight\trate\tof the source\tsource copies\tdelay p99\tcontinuity\tworst 1 %%\tchunks in time\n")
	for _, c := range list {
		r := c.Runs[0].Report
		for i := range r.Streams {
			s := &r.Streams[i]
			fmt.Fprintf(tw, "%d\t%s, seed %d\t%d\t%.4g Mb/s\t%.1f %%\t%.2f\t%.0f ms\t%.5f\t%.5f\t%.5f\n", i+1, c.Policy, r.Seed, s.Weight, s.StreamBps/1e6,
				100*s.SourceShare, s.SourceEgressRatio, s.DelayMS.P99, s.Continuity.Mean, s.Continuity.Worst1Pct, s.ChunkContinuity)
		}
	}
	return tw.Flush()
}
