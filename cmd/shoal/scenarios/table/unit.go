package main

import (
	"fmt"
	"math"
)

// unit says how a number is written.
type unit uint8

const (
	count unit = iota
	times
	share // of one, where each thousandth of a percent counts
	percent
	milliseconds
	seconds
	microseconds
	gigabytes
	kilobytes
)

var units = [...]struct {
	format, suffix string
	scale          float64
}{
	count:        {"%.6g", "", 1},
	times:        {"%.2f", "", 1},
	share:        {"%.5f", "", 1},
	percent:      {"%.2f", " %", 100},
	milliseconds: {"%.0f", " ms", 1},
	seconds:      {"%.4g", " s", 1},
	microseconds: {"%.1f", " us", 1},
	gigabytes:    {"%.1f", " GB", 1},
	kilobytes:    {"%.0f", " KB", 1},
}

// number is v without its unit: "none" where nothing was measured, "never" for what takes for ever.
func (u unit) number(v float64) string {
	switch {
	case math.IsNaN(v):
		return "none"
	case math.IsInf(v, 1):
		return "never"
	}
	return fmt.Sprintf(units[u].format, units[u].scale*v)
}

// show is v with its unit.
func (u unit) show(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 1) {
		return u.number(v)
	}
	return u.number(v) + units[u].suffix
}
