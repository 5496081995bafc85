package main

import (
	"fmt"
	"strings"
	"time"
)

// result is a case that has been judged.
type result struct {
	row      *row
	seeds    int
	binary   string
	wall     time.Duration
	verdicts []verdict
}

// line says in one how a case ended.
func (r *result) line() string {
	met, of := r.tally()
	text := fmt.Sprintf("%-20s %7s  %2d of %2d met", r.row.name, r.wall, met, of)
	if of == 0 {
		text = fmt.Sprintf("%-20s %7s  to compare to", r.row.name, r.wall)
	}
	separator := ": not "
	for i := range r.verdicts {
		if v := &r.verdicts[i]; !v.met {
			text += fmt.Sprintf("%s%s %s: %s", separator, v.figure.name, v.figure.asked.text(v.figure.unit), v.measured())
			separator = "; "
		}
	}
	return text
}

// tally counts the figures that are met, of those that were asked.
func (r *result) tally() (met, of int) {
	for i := range r.verdicts {
		if r.verdicts[i].figure.asked.kind != nothing {
			of++
			if r.verdicts[i].met {
				met++
			}
		}
	}
	return met, of
}

func tally(list []result) (met, of int) {
	for i := range list {
		m, o := list[i].tally()
		met, of = met+m, of+o
	}
	return met, of
}

// markdown is the table.
func markdown(list []result) string {
	var b strings.Builder
	b.WriteString("| case | figure | asked | measured | last 10 s | |\n|---|---|---|---|---|---|\n")
	binaries := make(map[string]bool)
	for i := range list {
		r := &list[i]
		title := fmt.Sprintf("%s (%s)", r.row.title, seedsText(r.seeds))
		for k := range r.verdicts {
			v := &r.verdicts[k]
			last := ""
			if v.figure.last != nil {
				last = v.figure.unit.show(v.last)
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", title, v.figure.name, v.figure.asked.text(v.figure.unit), v.measured(), last, v.outcome())
			title = ""
		}
		binaries[r.binary] = true
	}
	met, of := tally(list)
	fmt.Fprintf(&b, "\n%d of %d figures are met. Measured: the mean over the seeds (least..greatest).\n", met, of)
	if len(binaries) > 1 {
		fmt.Fprintf(&b, "The reports come from %d different builds of shoal.\n", len(binaries))
	}
	return b.String()
}

func seedsText(n int) string {
	if n == 1 {
		return "1 seed"
	}
	return fmt.Sprintf("%d seeds", n)
}
