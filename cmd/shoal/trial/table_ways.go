package trial

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/shoal-live/shoal/core/report"
)

// wayFigure is one row of the table of ways; "" where a way has no such figure.
type wayFigure struct {
	name string
	of   func(*Way) string
}

// wayFigures are the rows, from top to bottom. first is the way that the others' egress is a multiple of.
func wayFigures(first *Way) []wayFigure {
	list := []wayFigure{
		{"viewers", func(w *Way) string { return fmt.Sprint(w.Viewers) }},
		{"server egress, Mb/s", func(w *Way) string { return fmt.Sprintf("%.2f", w.EgressBps/1e6) }},
		{"times that of " + first.Way, func(w *Way) string {
			if first.EgressBps == 0 {
				return ""
			}
			return fmt.Sprintf("%.1f", w.EgressBps/first.EgressBps)
		}},
		{"server processor, % of a core", func(w *Way) string { return fmt.Sprintf("%.0f", 100*w.ServerCPU) }},
		{"viewers' processor, % of a core", func(w *Way) string { return fmt.Sprintf("%.0f", 100*w.ReadersCPU) }},
	}
	for _, d := range []struct {
		name string
		of   func(*Way) *report.Percentiles
		at   []string
	}{
		{"capture to source", func(w *Way) *report.Percentiles { return w.CaptureMS }, []string{"p50", "p99"}},
		{"delay", func(w *Way) *report.Percentiles { return &w.DelayMS }, []string{"p50", "p95", "p99"}},
		{"playout delay", func(w *Way) *report.Percentiles { return w.PlayoutMS }, []string{"p50", "p95", "p99"}},
		{"startup", func(w *Way) *report.Percentiles { return &w.StartupMS }, []string{"p50", "p95"}},
	} {
		for _, at := range d.at {
			list = append(list, wayFigure{d.name + " " + at, func(w *Way) string { return percentile(d.of(w), at) }})
		}
	}
	return append(list,
		wayFigure{"continuity", func(w *Way) string { return fmt.Sprintf("%.5f", w.Continuity) }},
		wayFigure{"never played", func(w *Way) string { return fmt.Sprint(w.NeverPlayed) }},
	)
}

// percentile is one of p, "" without p.
func percentile(p *report.Percentiles, at string) string {
	if p == nil {
		return ""
	}
	value := map[string]float64{"p50": p.P50, "p95": p.P95, "p99": p.P99}[at]
	return fmt.Sprintf("%.0f ms", value)
}

// printWays writes the ways beside each other, and what their figures mean.
func printWays(w io.Writer, ways []Way) error {
	if len(ways) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := []string{""}
	for i := range ways {
		row = append(row, ways[i].Way)
	}
	fmt.Fprintln(tw, strings.Join(row, "\t"))
	for _, f := range wayFigures(&ways[0]) {
		row = []string{f.name}
		for i := range ways {
			row = append(row, f.of(&ways[i]))
		}
		fmt.Fprintln(tw, strings.Join(row, "\t"))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if _, err := io.WriteString(w, whatWaysMean); err != nil {
		return err
	}
	for i := range ways {
		way := &ways[i]
		if way.HoldBackMS > 0 {
			fmt.Fprintf(w, "Players of %s stay %.0f ms behind what is complete.\n", way.Way, way.HoldBackMS)
		}
		if way.Lost > 0 {
			fmt.Fprintf(w, "%d readers of %s ended: %s\n", way.Lost, way.Way, way.Reason)
		}
	}
	return nil
}

const whatWaysMean = `
Egress is what leaves the operator's machine, headers included: of Shoal what the source sends and what MediaMTX sends to the source,
of MediaMTX alone what its readers get, and the headers of both are the least that can have been. The server is MediaMTX, and of Shoal
the source as well. Delays of MediaMTX are from the capture of a picture until it is complete at a reader, over a network without
faults. Those of Shoal are over the scenario's network and begin when a whole group is born at the source; what goes before is
"capture to source", and the time until the group is full.
`

// printMedia writes what was found of the frames.
func printMedia(w io.Writer, m *Media) error {
	if m == nil {
		return nil
	}
	_, err := fmt.Fprintf(w, "\nframes at %d viewers: %d compared, %d equal; %d missing, %d altered, %d foreign, %d reordered, %d duplicated\n",
		m.Viewers, m.Compared, m.Equal, m.Missing, m.Altered, m.Foreign, m.Reordered, m.Duplicated)
	if err == nil && m.Silent > 0 {
		_, err = fmt.Fprintf(w, "%d viewers that were to be compared played nothing\n", m.Silent)
	}
	for _, e := range m.Examples {
		if err == nil && e.What != "missing" {
			_, err = fmt.Fprintf(w, "  %s: %d bytes at %s\n", e.What, e.Size, e.Time.Format("15:04:05.000"))
		}
	}
	return err
}
