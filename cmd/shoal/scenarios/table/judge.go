package main

import (
	"fmt"
	"math"
)

// figure is one line of a case.
type figure struct {
	name   string
	of     measure
	unit   unit
	asked  bound   // the zero value asks nothing: it is for information
	judged judging // default byMean
	last   measure // the same over the last 10 s; nil for none
}

// judging says which runs must meet what is asked.
type judging uint8

const (
	byMean   judging = iota // the mean over the seeds
	everyRun                // each of them
)

// bound is what is asked: a range whose ends belong to it.
type bound struct {
	least, most float64
	kind        boundKind
}

type boundKind uint8

const (
	nothing boundKind = iota
	aboveLeast
	belowMost
	within
)

func atMost(v float64) bound            { return bound{least: math.Inf(-1), most: v, kind: belowMost} }
func atLeast(v float64) bound           { return bound{least: v, most: math.Inf(1), kind: aboveLeast} }
func between(least, most float64) bound { return bound{least: least, most: most, kind: within} }
func (b *bound) holds(v float64) bool   { return v >= b.least && v <= b.most }
func (b *bound) text(u unit) string {
	switch b.kind {
	case aboveLeast:
		return ">= " + u.show(b.least)
	case belowMost:
		return "<= " + u.show(b.most)
	case within:
		return u.number(b.least) + " to " + u.show(b.most)
	default:
		return ""
	}
}

// verdict is a figure judged.
type verdict struct {
	figure      *figure
	mean        float64 // NaN where a seed did not measure it, here and below
	least, most float64
	last        float64 // mean over the last 10 s
	met         bool    // true where nothing is asked
}

// judge computes a figure for every seed.
func (f *figure) judge(samples []sample) verdict {
	v := verdict{figure: f, least: math.Inf(1), most: math.Inf(-1), met: true, last: none}
	for i := range samples {
		x := f.of(&samples[i])
		v.mean += x / float64(len(samples))
		v.least, v.most = min(v.least, x), max(v.most, x)
	}
	if f.last != nil {
		v.last = 0
		for i := range samples {
			v.last += f.last(&samples[i]) / float64(len(samples))
		}
	}
	switch {
	case f.asked.kind == nothing:
	case f.judged == everyRun:
		v.met = f.asked.holds(v.least) && f.asked.holds(v.most)
	default:
		v.met = f.asked.holds(v.mean)
	}
	return v
}

// measured is the mean, and from where to where the seeds go.
func (v *verdict) measured() string {
	u := v.figure.unit
	text := u.show(v.mean)
	if u.number(v.least) != u.number(v.most) {
		text += fmt.Sprintf(" (%s..%s)", u.number(v.least), u.number(v.most))
	}
	return text
}

// outcome says met or not.
func (v *verdict) outcome() string {
	switch {
	case v.figure.asked.kind == nothing:
		return ""
	case v.met:
		return "met"
	}
	return "**not met**"
}
