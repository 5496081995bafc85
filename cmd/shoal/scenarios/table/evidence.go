package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/scenario"
	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/builtin"
)

// cost is what one process took, as the system accounts for it.
type cost struct {
	Wall     time.Duration `json:"wall_ns"`
	CPU      time.Duration `json:"cpu_ns"`        // user and system
	Resident uint64        `json:"max_rss_bytes"` // 0 where the system does not say
}

// record is what a case keeps beside its reports.
type record struct {
	Seeds    int      `json:"seeds"`
	Binary   string   `json:"binary"`   // the first digits of the SHA-256 of what simulated
	Scenario string   `json:"scenario"` // likewise, of the file
	Files    []string `json:"files"`    // reports, one a process
	Costs    []cost   `json:"costs"`    // likewise
}

// evidence is a case that has run.
type evidence struct {
	record
	samples []sample // by seed
}

// wall is how long all of it took.
func (e *evidence) wall() time.Duration {
	var sum time.Duration
	for _, c := range e.Costs {
		sum += c.Wall
	}
	return sum
}

func (c *command) scenario(name string) string { return filepath.Join(c.Scenarios, name+".yml") }
func (c *command) file(name string) string     { return filepath.Join(c.Out, name) }
func (c *command) recordOf(name string) string { return c.file(name + ".run.json") }

// load reads what a case left; nil when it has not run.
func (c *command) load(r *row) (*evidence, error) {
	b, err := os.ReadFile(c.recordOf(r.name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var e evidence
	if err := json.Unmarshal(b, &e.record); err != nil {
		return nil, fmt.Errorf("%s: %w", c.recordOf(r.name), err)
	}
	s, err := scenario.Load(c.scenario(r.name), bridge.Names(builtin.Plugins(), bridge.KindPolicy))
	if err != nil {
		return nil, err
	}
	if now, err := digest(c.scenario(r.name)); err != nil || now != e.Scenario {
		return nil, fmt.Errorf("%s is another than when it ran: run the case again", c.scenario(r.name))
	}
	if len(e.Files) != len(e.Costs) || len(e.Files) == 0 {
		return nil, fmt.Errorf("%s: %d files, %d costs: run the case again", c.recordOf(r.name), len(e.Files), len(e.Costs))
	}
	for i, file := range e.Files {
		list, err := readReports(c.file(file))
		if err != nil {
			return nil, err
		}
		seeds := e.Seeds / len(e.Files)
		if len(list) != seeds*len(s.Policy) {
			return nil, fmt.Errorf("%s: %d reports, not %d: run the case again", file, len(list), seeds*len(s.Policy))
		}
		for k := range seeds {
			one := sample{report: list[k], policies: make(map[string]*report.Report), cost: e.Costs[i]}
			for p := range s.Policy {
				rep := list[p*seeds+k]
				one.policies[rep.Policy] = rep
				if math.Abs(rep.DurationS-s.Duration.Seconds()) > 0.01 {
					return nil, fmt.Errorf("%s: a run of %g s, not %v: run the case again", file, rep.DurationS, s.Duration)
				}
			}
			e.samples = append(e.samples, one)
		}
	}
	return &e, nil
}

// readReports reads the report of a single run, or the list of those of several.
func readReports(path string) ([]*report.Report, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(b) > 0 && b[0] == '{' {
		b = append(append([]byte("["), b...), ']')
	}
	var list []*report.Report
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&list); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return list, nil
}

// compare gives each sample the reports of the same seed in the case that it is compared to.
func (e *evidence) compare(name string, with *evidence) {
	for i := range e.samples {
		if with == nil || i >= len(with.samples) {
			continue
		}
		e.samples[i].others = map[string]*report.Report{name: with.samples[i].report}
	}
}
