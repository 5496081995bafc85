package main

import (
	"math"
	"testing"

	"github.com/shoal-live/shoal/core/report"
)

// seconds of a run: those of delay p99 and of continuity at the end of each.
func series(values ...float64) []report.Second {
	var list []report.Second
	for i, v := range values {
		list = append(list, report.Second{At: float64(i + 1), DelayP99: v, Continuity: 1 - v/1000})
	}
	return list
}

func TestFiguresFollowTheirFormulas(t *testing.T) {
	percentiles := func(p95, p99 float64) report.Percentiles {
		return report.Percentiles{Samples: 1000, P95: p95, P99: p99, P999: 2 * p99, Max: 3 * p95}
	}
	one := &report.Report{
		Viewers: 100, DurationS: 12, DelayMS: percentiles(0, 300), WatchedMS: percentiles(0, 200), StartupMS: percentiles(4000, 0), ChunkContinuity: 0.99, RejectedChunks: 50,
		Max1sEgressBps: 9, SourceCapBps: 10, Streams: []report.Stream{{SourceShare: 0.75}, {SourceShare: 0.25}},
		Continuity: report.Continuity{Mean: 0.9, Worst1Pct: 0.8, Worst: 0.7},
		Cohorts: map[string]report.Cohort{
			"contributors": {Viewers: 30, DelayMS: percentiles(0, 330), Continuity: report.Continuity{Mean: 1, Worst1Pct: 0.6}},
			"noUplink":     {Viewers: 10, Continuity: report.Continuity{Mean: 0.8}},
			"late":         {Viewers: 60, StartupMS: percentiles(5000, 0)},
		},
		Series: series(900, 900, 10, 10, 10, 10, 10, 10, 10, 10, 10, 20),
	}
	other := &report.Report{
		Viewers: 100, DelayMS: percentiles(0, 600), RejectedChunks: 42, Continuity: report.Continuity{Mean: 0.85},
		Cohorts: map[string]report.Cohort{"contributors": {Viewers: 30, DelayMS: percentiles(0, 300)}},
	}
	s := &sample{
		report: one, policies: map[string]*report.Report{"substream": one, "clubs": other},
		others: map[string]*report.Report{"without": other, "vices-15s": other},
		cost:   cost{Wall: 90e9, CPU: 8e6, Resident: 6e9},
	}
	for name, c := range map[string]struct {
		of   measure
		want float64
	}{
		"delay p99":                         {p99, 300},
		"delay p99 while playing":           {watched99, 200},
		"delay p99.9":                       {p999, 600},
		"missing chunks":                    {missing, 0.01},
		"worst viewer":                      {worstContinuity, 0.7},
		"worst hundredth":                   {worst1Pct, 0.8},
		"startup of all":                    {startupMax, 12_000},
		"startup p95 of newcomers":          {startupP95("late"), 5000},
		"second's egress of the cap":        {ofCap, 0.9},
		"part of the first stream":          {firstShare, 0.75},
		"worst contributors":                {cohortWorst("contributors"), 0.6},
		"honest viewers, weighted":          {honestContinuity, 0.95},
		"contributors against the run":      {against("without", cohortP99("contributors")), 1.1},
		"delay against another policy":      {quotient(p99, under("clubs", p99)), 0.5},
		"continuity against another policy": {difference(meanContinuity, under("clubs", meanContinuity)), 0.05},
		"forged later":                      {forgedLater, 8},
		"p99 of the last ten seconds":       {lastP99, 11},
		"continuity of the last ten":        {lastContinuity, 0.989},
		"time":                              {wallTime, 90},
		"memory":                            {memory, 6},
		"memory of a viewer":                {memoryEach, 60_000},
		"processor of a chunk":              {processor, 8},
	} {
		if got := c.of(s); !(math.Abs(got-c.want) <= 1e-9*math.Abs(c.want)) {
			t.Errorf("%s is %v, want %v", name, got, c.want)
		}
	}
}

func TestWhatWasNotMeasuredMeetsNothing(t *testing.T) {
	empty := []sample{{report: &report.Report{}}}
	for _, r := range rows() {
		for i := range r.figures {
			f := &r.figures[i]
			if v := f.judge(empty); v.met && f.asked.kind != nothing {
				t.Errorf("%s: %s is met by an empty report: %s", r.name, f.name, v.measured())
			}
		}
	}
}

func TestBackIsWhenThreeSecondsInARowAreWell(t *testing.T) {
	never := math.Inf(1)
	for name, c := range map[string]struct {
		series []report.Second
		want   float64
	}{
		"at once when nothing was noticed":        {series(10, 10, 10, 10, 10, 10, 12, 10, 10), 0},
		"after the seconds that are worse":        {series(10, 10, 10, 10, 10, 90, 13, 12, 10, 10), 2},
		"not while seconds that are well are few": {series(10, 10, 10, 10, 10, 90, 10, 10, 13, 10, 10, 10), 4},
		"never when the run ends before":          {series(10, 10, 10, 10, 10, 90, 13, 10, 10), never},
		"never when there is no series":           {nil, never},
	} {
		t.Run(name, func(t *testing.T) {
			if got := backAfterKill(5)(&sample{report: &report.Report{Series: c.series}}); got != c.want {
				t.Errorf("delay is back after %v s, want %v", got, c.want)
			}
		})
	}
	s := &sample{report: &report.Report{Series: series(200, 200, 200, 200, 100, 5, 4, 3)}}
	if got := backAfterReturn(4)(s); got != 1 {
		t.Errorf("continuity is back after %v s", got)
	}
}

func TestTheMeanCountsOrEveryRun(t *testing.T) {
	runs := []sample{{report: &report.Report{Viewers: 1, NeverPlayed: 0}}, {report: &report.Report{Viewers: 1, NeverPlayed: 3}}}
	for name, c := range map[string]struct {
		asked  bound
		judged judging
		met    bool
	}{
		"a mean that is low enough":  {atMost(1.5), byMean, true},
		"a mean that is not":         {atMost(1.4), byMean, false},
		"a mean that is high enough": {atLeast(1.5), byMean, true},
		"a run that is too high":     {atMost(2), everyRun, false},
		"a run that is too low":      {atLeast(1), everyRun, false},
		"runs that all are":          {between(0, 3), everyRun, true},
		"nothing asked":              {bound{}, byMean, true},
	} {
		f := figure{of: neverPlayed, asked: c.asked, judged: c.judged}
		if v := f.judge(runs); v.met != c.met || v.mean != 1.5 || v.measured() != "1.5 (0..3)" {
			t.Errorf("%s: %+v, %s", name, v, v.measured())
		}
	}
}
