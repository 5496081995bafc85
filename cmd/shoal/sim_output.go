package main

import (
	"context"
	"io"
	"os"
	"strings"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/simulate"
	"github.com/shoal-live/shoal/cmd/shoal/simulate/page"
	"github.com/shoal-live/shoal/core/report"
)

// show writes and prints what was simulated.
func (c simCommand) show(env *environment, runs []*simulate.Run) error {
	if len(runs) == 0 {
		return context.Canceled
	}
	var table strings.Builder
	if err := simulate.Print(&table, runs); err != nil {
		return err
	}
	if c.Report != "" {
		if err := writeReports(c.Report, runs); err != nil {
			return flagError("report", err)
		}
	}
	if c.HTML != "" {
		if err := writeFile(c.HTML, func(w io.Writer) error { return page.Write(w, runs, table.String()) }); err != nil {
			return flagError("html", err)
		}
	}
	_, err := io.WriteString(env.stdout, table.String())
	return err
}

// writeReports writes the report of a single run, or a list of those of several.
func writeReports(path string, runs []*simulate.Run) error {
	return writeFile(path, func(w io.Writer) error {
		if len(runs) == 1 {
			return writeJSON(w, runs[0].Report)
		}
		var list []*report.Report
		for _, r := range runs {
			list = append(list, r.Report)
		}
		return writeJSON(w, list)
	})
}

// writeFile makes a file of what write writes.
func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := write(f); err != nil {
		_ = f.Close() // what went wrong before says more
		return err
	}
	return f.Close()
}

// progressLine draws how far the runs are, and how long they will take yet.
func progressLine(line *shared) func(simulate.Progress) {
	began := time.Now()
	return func(p simulate.Progress) { line.status(p.Text(time.Since(began))) }
}
