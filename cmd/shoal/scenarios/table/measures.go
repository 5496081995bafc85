package main

import (
	"math"

	"github.com/shoal-live/shoal/core/report"
)

// sample is what one seed of a case left: figures are computed from it.
type sample struct {
	report   *report.Report            // of the first policy
	policies map[string]*report.Report // of all
	others   map[string]*report.Report // of the same seed in other cases, by case
	cost     cost
}

// measure is a figure of one seed; NaN when it was not measured.
type measure func(*sample) float64

var none = math.NaN()

// some is v where something was measured.
func some(p *report.Percentiles, v float64) float64 {
	if p.Samples == 0 {
		return none
	}
	return v
}

// watched is v where somebody was there.
func watched(viewers int, v float64) float64 {
	if viewers == 0 {
		return none
	}
	return v
}

func p99(s *sample) float64             { return some(&s.report.DelayMS, s.report.DelayMS.P99) }
func watched99(s *sample) float64       { return some(&s.report.WatchedMS, s.report.WatchedMS.P99) }
func p999(s *sample) float64            { return some(&s.report.DelayMS, s.report.DelayMS.P999) }
func stretch(s *sample) float64         { return some(&s.report.DelayMS, s.report.Stretch) }
func playoutP95(s *sample) float64      { return some(&s.report.PlayoutMS, s.report.PlayoutMS.P95) }
func startupMax(s *sample) float64      { return some(&s.report.StartupMS, s.report.StartupMS.Max) }
func meanContinuity(s *sample) float64  { return watched(s.report.Viewers, s.report.Continuity.Mean) }
func worst1Pct(s *sample) float64       { return watched(s.report.Viewers, s.report.Continuity.Worst1Pct) }
func worstContinuity(s *sample) float64 { return watched(s.report.Viewers, s.report.Continuity.Worst) }
func missing(s *sample) float64         { return watched(s.report.Viewers, 1-s.report.ChunkContinuity) }
func neverPlayed(s *sample) float64     { return watched(s.report.Viewers, float64(s.report.NeverPlayed)) }
func duplicates(s *sample) float64      { return some(&s.report.DelayMS, s.report.DuplicateRatio) }
func redundancy(s *sample) float64      { return some(&s.report.DelayMS, s.report.RedundancyRatio) }
func control(s *sample) float64         { return some(&s.report.DelayMS, s.report.ControlRatio) }
func copies(s *sample) float64          { return some(&s.report.DelayMS, s.report.SourceEgressRatio) }

func ofCap(s *sample) float64 {
	if s.report.SourceCapBps == 0 {
		return none
	}
	return s.report.Max1sEgressBps / s.report.SourceCapBps
}

func firstShare(s *sample) float64 {
	if len(s.report.Streams) == 0 {
		return none
	}
	return s.report.Streams[0].SourceShare
}

func cohortP99(name string) measure {
	return func(s *sample) float64 { c := s.report.Cohorts[name]; return some(&c.DelayMS, c.DelayMS.P99) }
}

func startupP95(name string) measure {
	return func(s *sample) float64 { c := s.report.Cohorts[name]; return some(&c.StartupMS, c.StartupMS.P95) }
}

func cohortMean(name string) measure {
	return func(s *sample) float64 { c := s.report.Cohorts[name]; return watched(c.Viewers, c.Continuity.Mean) }
}

func cohortWorst(name string) measure {
	return func(s *sample) float64 {
		c := s.report.Cohorts[name]
		return watched(c.Viewers, c.Continuity.Worst1Pct)
	}
}

// honestContinuity is the mean over those who keep to the protocol, slow ones among them.
func honestContinuity(s *sample) float64 {
	sum, viewers := 0.0, 0
	for _, name := range []string{"contributors", "noUplink"} {
		c := s.report.Cohorts[name]
		sum += float64(c.Viewers) * c.Continuity.Mean
		viewers += c.Viewers
	}
	return sum / float64(viewers) // NaN for nobody
}

// under is a measure of another policy of the same run.
func under(policy string, m measure) measure {
	return func(s *sample) float64 { return ofReport(s.policies[policy], m) }
}

// in is a measure of the same seed in another case.
func in(name string, m measure) measure {
	return func(s *sample) float64 { return ofReport(s.others[name], m) }
}

func ofReport(r *report.Report, m measure) float64 {
	if r == nil {
		return none
	}
	return m(&sample{report: r})
}

func quotient(a, b measure) measure   { return func(s *sample) float64 { return a(s) / b(s) } }
func difference(a, b measure) measure { return func(s *sample) float64 { return a(s) - b(s) } }

// against is how many times a measure is what it is in another case.
func against(name string, m measure) measure { return quotient(m, in(name, m)) }

func rejected(s *sample) float64    { return float64(s.report.RejectedChunks) }
func forgedLater(s *sample) float64 { return difference(rejected, in("vices-15s", rejected))(s) }

// steady is how many seconds at the end of a run show it without its joins.
const steady = 10

func lastP99(s *sample) float64 {
	return lately(s, func(e *report.Second) float64 { return e.DelayP99 })
}

func lastContinuity(s *sample) float64 {
	return lately(s, func(e *report.Second) float64 { return e.Continuity })
}

func lately(s *sample, of func(*report.Second) float64) float64 {
	return meanOf(s.report.Series, s.report.DurationS-steady, s.report.DurationS, of)
}

// meanOf is the mean over the seconds that lie within from..to.
func meanOf(series []report.Second, from, to float64, of func(*report.Second) float64) float64 {
	sum, n := 0.0, 0
	for i := range series {
		if e := &series[i]; e.At-1 >= from && e.At <= to {
			sum += of(e)
			n++
		}
	}
	return sum / float64(n) // NaN for none
}

// backAfterKill is in how many seconds delay p99 is within 20 % of what it was in the five seconds before the fault.
func backAfterKill(at float64) measure {
	return func(s *sample) float64 {
		before := meanOf(s.report.Series, at-5, at, func(e *report.Second) float64 { return e.DelayP99 })
		return back(s.report.Series, at, func(e *report.Second) bool { return e.DelayP99 <= 1.2*before })
	}
}

// backAfterReturn is in how many seconds continuity is what is asked of a swarm with little more than it needs.
func backAfterReturn(at float64) measure {
	return func(s *sample) float64 {
		return back(s.report.Series, at, func(e *report.Second) bool { return e.Continuity >= 0.995 })
	}
}

// back is how long after a time begins the first second from which on three in a row are well; +Inf for never.
func back(series []report.Second, at float64, well func(*report.Second) bool) float64 {
	inARow := 0
	for i := range series {
		e := &series[i]
		switch {
		case e.At-1 < at:
		case !well(e):
			inARow = 0
		default:
			if inARow++; inARow == 3 {
				return e.At - 3 - at
			}
		}
	}
	return math.Inf(1)
}

func memory(s *sample) float64     { return resided(s) / 1e9 }
func memoryEach(s *sample) float64 { return resided(s) / 1e3 / float64(s.report.Viewers) }

func wallTime(s *sample) float64 {
	if s.cost.Wall == 0 {
		return none
	}
	return s.cost.Wall.Seconds()
}

func resided(s *sample) float64 {
	if s.cost.Resident == 0 {
		return none
	}
	return float64(s.cost.Resident)
}

func processor(s *sample) float64 {
	return float64(s.cost.CPU.Microseconds()) / float64(s.report.DelayMS.Samples)
}
