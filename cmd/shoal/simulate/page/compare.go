package page

import (
	"maps"
	"slices"
	"strings"

	"github.com/shoal-live/shoal/core/report"
)

// row is a group of bars: one number of a report, from each series.
type row struct {
	name string
	of   func(*report.Report) float64
}

// table are the rows as bars.
func table(title, note string, shown []series, rows []row) bars {
	b := bars{title: title, note: note}
	for i := range shown {
		b.colours = append(b.colours, shown[i].colour)
	}
	for _, r := range rows {
		g := group{name: r.name}
		for i := range shown {
			g.values = append(g.values, shown[i].mean(r.of))
		}
		b.groups = append(b.groups, g)
	}
	return b
}

func delays(shown []series) bars {
	return table("Compared: delay", "ms, the mean over all seeds, beside the burst bound.", shown, []row{
		{"p50", func(r *report.Report) float64 { return r.DelayMS.P50 }},
		{"p95", func(r *report.Report) float64 { return r.DelayMS.P95 }},
		{"p99", func(r *report.Report) float64 { return r.DelayMS.P99 }},
		{"p99.9", func(r *report.Report) float64 { return r.DelayMS.P999 }},
		{"burst bound", func(r *report.Report) float64 { return r.BoundMS.Burst }},
	})
}

func misses(shown []series) bars {
	return table("Compared: what is missed", "Percent of all groups and chunks that were due, the mean over all seeds.", shown, []row{
		{"groups", func(r *report.Report) float64 { return 100 * (1 - r.Continuity.Mean) }},
		{"groups, worst 1 %", func(r *report.Report) float64 { return 100 * (1 - r.Continuity.Worst1Pct) }},
		{"chunks", func(r *report.Report) float64 { return 100 * (1 - r.ChunkContinuity) }},
	})
}

func costs(shown []series) bars {
	return table("Compared: what it costs", "Percent of the useful chunks, and control of all wire bytes, the mean over all seeds.", shown, []row{
		{"duplicates", func(r *report.Report) float64 { return 100 * r.DuplicateRatio }},
		{"parity", func(r *report.Report) float64 { return 100 * r.ParityRatio }},
		{"repair", func(r *report.Report) float64 { return 100 * r.RepairRatio }},
		{"control", func(r *report.Report) float64 { return 100 * r.ControlRatio }},
	})
}

// uploads are what the viewers of each class of uplinks send, in Mb/s.
func uploads(shown []series) bars {
	b := table("Upload by class", "Mb/s that a viewer of each class sends, in the mean of the first seed's run.", shown, nil)
	for _, class := range slices.Sorted(maps.Keys(shown[0].reports[0].Cohorts)) {
		if !strings.HasPrefix(class, "uplink ") {
			continue
		}
		g := group{name: class}
		for i := range shown {
			value := -1.0
			if c, ok := shown[i].reports[0].Cohorts[class]; ok {
				value = c.UploadBps / 1e6
			}
			g.values = append(g.values, value)
		}
		b.groups = append(b.groups, g)
	}
	return b
}
