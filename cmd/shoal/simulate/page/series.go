package page

import (
	"fmt"
	"strings"

	"github.com/shoal-live/shoal/cmd/shoal/simulate"
	"github.com/shoal-live/shoal/core/report"
)

// series is what has one colour.
type series struct {
	name    string
	colour  string
	reports []*report.Report // of each seed, at least one
}

// trend is a policy over the numbers of viewers.
type trend struct {
	colour string
	sets   []simulate.Set
}

// choose says what the plots show, and what is to be added to their notes: each policy or, of a single one, each number
// of viewers. Of several policies and numbers most plots show the greatest number alone.
func choose(all []simulate.Set) (shown []series, growing []trend, of string) {
	greatest, least := all[0].Viewers, all[0].Viewers
	for _, s := range all {
		greatest, least = max(greatest, s.Viewers), min(least, s.Viewers)
		if n := len(growing); n == 0 || growing[n-1].sets[0].Policy != s.Policy {
			growing = append(growing, trend{colour: colour(n)})
		}
		last := &growing[len(growing)-1]
		last.sets = append(last.sets, s)
	}
	for _, s := range all {
		one := series{name: s.Policy, colour: colour(len(shown))}
		for _, r := range s.Runs {
			one.reports = append(one.reports, r.Report)
		}
		switch {
		case least == greatest:
		case len(growing) == 1:
			one.name = fmt.Sprintf("%s, %d viewers", s.Policy, s.Viewers)
		case s.Viewers < greatest:
			continue
		}
		shown = append(shown, one)
	}
	if len(growing) > 1 && least < greatest {
		of = fmt.Sprintf(" With %d viewers.", greatest)
	}
	return shown, growing, of
}

// audiences are the numbers of viewers.
func audiences(all []simulate.Set) string {
	var list []string
	for _, s := range all {
		if s.Policy == all[0].Policy {
			list = append(list, fmt.Sprint(s.Viewers))
		}
	}
	return strings.Join(list, ", ") + " viewers"
}

// mean is that over the seeds.
func (s *series) mean(of func(*report.Report) float64) float64 {
	sum := 0.0
	for _, r := range s.reports {
		sum += of(r)
	}
	return sum / float64(len(s.reports))
}

// distribution is the cumulative one of all delays.
func distribution(s *series) []point {
	var all report.Histogram
	for _, r := range s.reports {
		all.Merge(&r.Delays)
	}
	var points []point
	const steps = 1000
	for i := range steps {
		points = append(points, point{all.Quantile(float64(i)/steps) / 1000, float64(i) / steps})
	}
	return points
}

func overTime(r *report.Report, of func(*report.Second) float64) []point {
	var points []point
	for i := range r.Series {
		points = append(points, point{r.Series[i].At, of(&r.Series[i])})
	}
	return points
}
