package main

// row is one case: a scenario and the figures that are asked of it.
type row struct {
	name    string // of the scenario, NAME.yml
	title   string // in the table
	figures []figure
	needs   string // case to whose runs figures compare; "" for none
	runs    mode
}

// mode says how the seeds of a case run.
type mode uint8

const (
	together mode = iota // one process, as many seeds at once as there are cores
	alone                // a process for each seed: it wants the memory, and its cost is a figure
)

// rows are all cases, in the order in which they run: the small ones first. A row without figures is there to be compared to.
func rows() []row {
	return []row{
		{name: "small-2", title: "2 viewers", figures: small()},
		{name: "small-5", title: "5 viewers", figures: small()},
		{name: "small-20", title: "20 viewers", figures: small()},
		{name: "small-100", title: "100 viewers", figures: small()},
		{name: "viewers-1000", title: "1,000 viewers", figures: whole(400)},
		{name: "groups-33ms", title: "1,000 viewers, groups of 33 ms", figures: []figure{delayP99(340), watchedP99(340), swarmContinuity()}},
		{name: "key-frames", title: "key frames of 6x once a second", figures: keyFrames()},
		{name: "real-1s", title: "recorded trace, GOP 1 s", figures: keyFrames()},
		{name: "real-4s", title: "recorded trace, GOP 4 s", figures: keyFrames()},
		{name: "loss-5", title: "5 % loss", figures: []figure{delayP99(500), watchedP99(500), continuity(0.9995)}},
		{name: "killed-20", title: "20 % killed at once", figures: []figure{
			{name: "missing chunks", of: missing, unit: percent, asked: atMost(0.003)},
			{name: "delay p99 back within 20 %, after", of: backAfterKill(15), unit: seconds, asked: atMost(2)},
			swarmP99(), swarmContinuity(),
		}},
		{name: "free-riders", title: "30 % free riders", needs: "viewers-1000", figures: []figure{
			{name: "contributors' delay p99, against the run without", of: against("viewers-1000", cohortP99("contributors")), unit: times, asked: atMost(1.15)},
			{name: "contributors' continuity", of: cohortMean("contributors"), unit: share, asked: atLeast(0.9995)},
			swarmP99(), swarmContinuity(),
		}},
		{name: "index-1.2", title: "resource index 1.2", figures: []figure{
			continuity(0.995), swarmP99(),
		}},
		{name: "index-1.1", title: "resource index 1.1", figures: []figure{
			{name: "contributors' continuity", of: cohortMean("contributors"), unit: share, asked: atLeast(0.995)},
			continuity(0.97), swarmP99(),
		}},
		{name: "index-0.9", title: "resource index 0.9", figures: []figure{
			{name: "contributors' continuity", of: cohortMean("contributors"), unit: share, asked: atLeast(0.95)},
			// Nobody collapses: all play, and whoever gives gets half of what is due at the least.
			{name: "never played, every run", of: neverPlayed, unit: count, asked: atMost(0), judged: everyRun},
			{name: "contributors' continuity, worst 1 %", of: cohortWorst("contributors"), unit: share, asked: atLeast(0.5)},
			swarmP99(), swarmContinuity(),
		}},
		{name: "index-0.9-back", title: "resource index 0.9, then 1.4", figures: []figure{
			{name: "continuity back at 0.995, after", of: backAfterReturn(15), unit: seconds, asked: atMost(5)},
			swarmP99(), swarmContinuity(),
		}},
		{name: "vices-15s"},
		{name: "vices", title: "10 % slowed to 0.2x, 3 % poison", needs: "vices-15s", figures: []figure{
			{name: "honest viewers' continuity", of: honestContinuity, unit: share, asked: atLeast(0.999)},
			{name: "forged chunks later than 5 s, every run", of: forgedLater, unit: count, asked: atMost(0), judged: everyRun},
			swarmP99(), swarmContinuity(),
		}},
		{name: "two-streams", title: "2 streams on one uplink", figures: []figure{continuity(0.999), swarmP99()}},
		{name: "two-streams-short", title: "2 streams, 2 to 1, on a short uplink", figures: []figure{
			{name: "first stream's part of the source", of: firstShare, unit: percent, asked: between(2.0/3-0.05, 2.0/3+0.05)},
			swarmP99(), swarmContinuity(),
		}},
		{name: "flash-crowd", title: "flash crowd, 100 to 2,000 in 10 s", figures: crowd(5000)},
		{name: "flash-crowd-helpers", title: "the same with 5 helpers of 50 Mb/s", figures: crowd(2000)},
		{name: "policies", title: "`substream` against the others", figures: ahead("clubs", "latest", "rarest", "edf")},
		{name: "viewers-10000", title: "10,000 viewers", figures: whole(500)},
		{name: "viewers-100000", title: "100,000 viewers, 1 Mb/s, 20 s", runs: alone, figures: append(whole(650),
			figure{name: "time of a run", of: wallTime, unit: seconds, asked: atMost(30 * 60)},
			figure{name: "memory", of: memory, unit: gigabytes, asked: atMost(12)},
			figure{name: "processor, a delivered chunk", of: processor, unit: microseconds, asked: atMost(8)},
			figure{name: "memory, a viewer", of: memoryEach, unit: kilobytes, asked: atMost(120)},
		)},
	}
}

func delayP99(ms float64) figure {
	return figure{name: "delay p99", of: p99, unit: milliseconds, asked: atMost(ms), last: lastP99}
}

// watchedP99 asks the same of what was born while its viewer plays: who joins waits for what startup counts.
func watchedP99(ms float64) figure {
	return figure{name: "delay p99, while playing", of: watched99, unit: milliseconds, asked: atMost(ms)}
}

func continuity(mean float64) figure {
	return figure{name: "continuity", of: meanContinuity, unit: share, asked: atLeast(mean), last: lastContinuity}
}

// swarmP99 and swarmContinuity ask nothing: beside what is asked of some, or of another measure, they show all.
func swarmP99() figure {
	return figure{name: "delay p99 of all", of: p99, unit: milliseconds, last: lastP99}
}

func swarmContinuity() figure {
	return figure{name: "continuity of all", of: meanContinuity, unit: share, last: lastContinuity}
}

func sourceCopies() figure {
	return figure{name: "source copies", of: copies, unit: times, asked: atMost(5)}
}

// small is what a few viewers must have, each of them.
func small() []figure {
	return []figure{
		delayP99(300), watchedP99(300),
		{name: "worst viewer's continuity, every run", of: worstContinuity, unit: share, asked: atLeast(0.9995), judged: everyRun},
		sourceCopies(), swarmContinuity(),
	}
}

// whole is what a swarm must have, of which delay p99 depends on its size.
func whole(ms float64) []figure {
	return []figure{
		delayP99(ms), watchedP99(ms),
		{name: "delay p99.9", of: p999, unit: milliseconds, asked: atMost(550)},
		{name: "stretch", of: stretch, unit: times, asked: atMost(1.9)},
		continuity(0.9995),
		{name: "continuity, worst 1 %", of: worst1Pct, unit: share, asked: atLeast(0.995)},
		{name: "playout p95", of: playoutP95, unit: milliseconds, asked: atMost(1000)},
		{name: "duplicates", of: duplicates, unit: percent, asked: atMost(0.08)},
		{name: "redundancy", of: redundancy, unit: percent, asked: atMost(0.15)},
		{name: "control", of: control, unit: percent, asked: atMost(0.03)},
		sourceCopies(),
		{name: "most in a second / cap, every run", of: ofCap, unit: times, asked: atMost(1), judged: everyRun},
	}
}

func keyFrames() []figure { return []figure{delayP99(650), watchedP99(650), continuity(0.999)} }

// crowd is what a flash crowd must have, with 95 of 100 that start within so many milliseconds.
func crowd(ms float64) []figure {
	return []figure{
		{name: "earlier viewers' continuity", of: cohortMean("early"), unit: share, asked: atLeast(0.999)},
		{name: "newcomers' startup p95", of: startupP95("late"), unit: milliseconds, asked: atMost(ms)},
		{name: "startup of all", of: startupMax, unit: milliseconds, asked: atMost(15_000)},
		{name: "never played, every run", of: neverPlayed, unit: count, asked: atMost(0), judged: everyRun},
		swarmP99(), swarmContinuity(),
	}
}

// ahead compares the first policy of a run with each of the others. A hundredth of a percent of continuity counts as equal.
func ahead(others ...string) []figure {
	list := []figure{swarmP99(), swarmContinuity()}
	for _, other := range others {
		list = append(list,
			figure{name: "delay p99 of `" + other + "`", of: under(other, p99), unit: milliseconds},
			figure{name: "delay p99 / that of `" + other + "`", of: quotient(p99, under(other, p99)), unit: times, asked: atMost(1)},
			figure{name: "continuity - that of `" + other + "`", of: difference(meanContinuity, under(other, meanContinuity)), unit: share, asked: atLeast(-0.0001)},
		)
	}
	return list
}
