package page

import "github.com/shoal-live/shoal/core/report"

const growthNote = "A dot for every run, lines through the means: p99 solid, p50 dotted. Dashed and grey is the burst bound, " +
	"below which no p99 can be hoped for. --viewers 100,300,1000 adds numbers of viewers."

// growth is delay against the number of viewers, beside the bound.
func growth(policies []trend) chart {
	c := chart{title: "Delay against the number of viewers", x: "viewers", y: "ms", scale: logarithmic}
	line := func(t *trend, colour, dash string, of func(*report.Report) float64) {
		l := line{colour: colour, dash: dash}
		for _, s := range t.sets {
			sum := 0.0
			for _, r := range s.Runs {
				p := point{float64(max(s.Viewers, 1)), of(r.Report)}
				sum += p.y
				l.dots = append(l.dots, p)
			}
			l.points = append(l.points, point{float64(max(s.Viewers, 1)), sum / float64(len(s.Runs))})
		}
		c.curves = append(c.curves, l)
	}
	line(&policies[0], "#7f7f7f", "8 4", func(r *report.Report) float64 { return r.BoundMS.Burst }) // one network for all policies
	for i := range policies {
		t := &policies[i]
		line(t, t.colour, "2 4", func(r *report.Report) float64 { return r.DelayMS.P50 })
		line(t, t.colour, "", func(r *report.Report) float64 { return r.DelayMS.P99 })
	}
	return c
}
