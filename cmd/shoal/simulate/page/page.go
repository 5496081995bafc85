package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/shoal-live/shoal/cmd/shoal/simulate"
	"github.com/shoal-live/shoal/core/report"
)

//go:embed page.html
var source string

// view is what the template shows.
type view struct {
	Title  string
	Legend []key
	Charts []drawn
	Table  string
}

type key struct{ Name, Colour string }

type drawn struct {
	Title, Note string
	SVG         template.HTML
}

// Write draws the runs, which are as simulate.All gives them, at least one.
func Write(w io.Writer, runs []*simulate.Run, table string) error {
	t, err := template.New("page").Parse(source)
	if err != nil {
		panic(err) // it is part of this program
	}
	first := runs[0].Report
	v := view{Title: fmt.Sprintf("%d viewers, %g s, %.4g Mb/s", first.Viewers, first.DurationS, first.StreamBps/1e6), Table: table}
	var policies []string
	byPolicy := make(map[string][]*report.Report) // looked up only
	for _, r := range runs {
		if byPolicy[r.Policy] == nil {
			v.Legend = append(v.Legend, key{r.Policy, colour(len(policies))})
			policies = append(policies, r.Policy)
		}
		byPolicy[r.Policy] = append(byPolicy[r.Policy], r.Report)
	}
	add := func(c chart, note string, curve func([]*report.Report) []point) {
		for _, name := range policies {
			c.curves = append(c.curves, line{name, curve(byPolicy[name])})
		}
		v.Charts = append(v.Charts, drawn{c.title, note, c.svg()})
	}
	add(chart{title: "Delay", x: "ms from a chunk's birth to its arrival", y: "share of all chunks", most: 1},
		"All chunks of all viewers and seeds, to the 99.9th percentile: left and steep is good.", distribution)
	over := func(title, y string, most float64, of func(*report.Second) float64) {
		add(chart{title: title, x: "s", y: y, most: most}, "Of the first seed, second by second.", func(r []*report.Report) []point {
			return overTime(r[0], of)
		})
	}
	over("Continuity over time", "groups complete when due", 1, func(s *report.Second) float64 { return s.Continuity })
	over("Delay p99 over time", "ms", 0, func(s *report.Second) float64 { return s.DelayP99 })
	over("Viewers over time", "viewers", 0, func(s *report.Second) float64 { return float64(s.Viewers) })
	over("What the source sends", "Mb/s", 0, func(s *report.Second) float64 { return s.EgressBps / 1e6 })
	if b := uploads(policies, byPolicy); len(b.groups) > 0 {
		v.Charts = append(v.Charts, drawn{b.title, "Mb/s that a viewer of each class sends, in the mean of the first seed's run.", b.svg()})
	}
	return t.Execute(w, v)
}

// distribution is the cumulative one of all delays.
func distribution(reports []*report.Report) []point {
	var all report.Histogram
	for _, r := range reports {
		all.Merge(&r.Delays)
	}
	var points []point
	const steps = 1000
	for i := range steps {
		points = append(points, point{all.Quantile(float64(i)/steps) / 1000, float64(i) / steps})
	}
	return points
}

// uploads are what the viewers of each class of uplinks send, in Mb/s.
func uploads(policies []string, byPolicy map[string][]*report.Report) *bars {
	b := &bars{title: "Upload by class"}
	for _, class := range slices.Sorted(maps.Keys(byPolicy[policies[0]][0].Cohorts)) {
		if !strings.HasPrefix(class, "uplink ") {
			continue
		}
		g := group{name: class}
		for _, name := range policies {
			value := -1.0
			if c, ok := byPolicy[name][0].Cohorts[class]; ok {
				value = c.UploadBps / 1e6
			}
			g.values = append(g.values, value)
		}
		b.groups = append(b.groups, g)
	}
	return b
}

func overTime(r *report.Report, of func(*report.Second) float64) []point {
	var points []point
	for i := range r.Series {
		points = append(points, point{r.Series[i].At, of(&r.Series[i])})
	}
	return points
}
