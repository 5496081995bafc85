package page

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"

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
	all := simulate.Sets(runs)
	shown, growing, of := choose(all)
	v := view{Title: fmt.Sprintf("%s, %g s, %.4g Mb/s", audiences(all), first.DurationS, first.StreamBps/1e6), Table: table}
	for _, s := range shown {
		v.Legend = append(v.Legend, key{s.name, s.colour})
	}
	add := func(c chart, note string, curve func(*series) []point) {
		for i := range shown {
			c.curves = append(c.curves, line{colour: shown[i].colour, points: curve(&shown[i])})
		}
		v.Charts = append(v.Charts, drawn{c.title, note + of, c.svg()})
	}
	add(chart{title: "Delay", x: "ms from a chunk's birth to its arrival", y: "share of all chunks", most: 1},
		"All chunks of all viewers and seeds, to the 99.9th percentile: left and steep is good.", distribution)
	c := growth(growing)
	v.Charts = append(v.Charts, drawn{c.title, growthNote, c.svg()})
	over := func(title, y string, most float64, of func(*report.Second) float64) {
		add(chart{title: title, x: "s", y: y, most: most}, "Of the first seed, second by second.", func(s *series) []point {
			return overTime(s.reports[0], of)
		})
	}
	over("Continuity over time", "groups complete when due", 1, func(s *report.Second) float64 { return s.Continuity })
	over("Delay p99 over time", "ms", 0, func(s *report.Second) float64 { return s.DelayP99 })
	over("Viewers over time", "viewers", 0, func(s *report.Second) float64 { return float64(s.Viewers) })
	over("What the source sends", "Mb/s", 0, func(s *report.Second) float64 { return s.EgressBps / 1e6 })
	for _, b := range []bars{delays(shown), misses(shown), costs(shown), uploads(shown)} {
		if len(b.groups) > 0 {
			v.Charts = append(v.Charts, drawn{b.title, b.note + of, b.svg()})
		}
	}
	return t.Execute(w, v)
}
