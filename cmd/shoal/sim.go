package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/scenario"
	"github.com/shoal-live/shoal/cmd/shoal/simulate"
	"github.com/shoal-live/shoal/core/sim"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/builtin"
	"github.com/shoal-live/shoal/plugins/host"
)

type simCommand struct {
	Scenario string        `arg:"" help:"File; scenario.example.yml has every key." placeholder:"SCENARIO.yml"`
	Report   string        `help:"Write the report to this file; a list of reports when there are several runs." placeholder:"FILE"`
	HTML     string        `name:"html" help:"Write a page with plots to this file; it needs nothing else." placeholder:"FILE"`
	Compare  []string      `help:"Policies to compare, instead of the scenario's." placeholder:"PATH|NAME,..."`
	Policy   string        `help:"Policy, instead of the scenario's: a built-in one, or the path of an executable, ./mine." placeholder:"PATH|NAME"`
	Viewers  []int         `help:"Numbers of viewers to run it with, each instead of the scenario's: delay against the size of the audience." placeholder:"N,..."`
	Seeds    int           `default:"1" help:"Runs of each policy and number of viewers, with the scenario's seed and those after it, 1 to 100."`
	Seed     uint64        `help:"Of everything random, instead of the scenario's; at least 1." placeholder:"N"`
	Parallel int           `help:"Cores to use: by runs at once, each with about 250 KB for each viewer, and by several within a run when there are fewer; all when not given." placeholder:"N"`
	Delay    time.Duration `name:"policy-delay" help:"Virtual time from what a policy is told to its answer, 0s to 1s; a process takes none by itself."`
}

// Run simulates the scenario.
func (c simCommand) Run(env *environment) error {
	if err := c.check(); err != nil {
		return err
	}
	s, err := scenario.Load(c.Scenario, bridge.Names(builtin.Plugins(), bridge.KindPolicy))
	if err != nil {
		return err
	}
	if c.Seed > 0 {
		s.Seed = c.Seed
	}
	policies, err := c.policies(env, s)
	if err != nil {
		return err
	}
	h, stop, err := inspectionHost(env)
	if err != nil {
		return err
	}
	defer stop()
	slices.Sort(c.Viewers)
	o := simulate.Options{Scenario: s, Viewers: slices.Compact(c.Viewers), Seeds: c.Seeds, Parallel: c.Parallel, Delay: c.Delay}
	for _, p := range policies {
		o.Policies = append(o.Policies, runnable(h, p))
	}
	if c.Parallel == 0 {
		o.Parallel = runtime.NumCPU()
	}
	if c.Report != "" || c.HTML != "" {
		o.Series = sim.PerSecond
	}
	line := &shared{w: env.stderr}
	if paints(os.Stderr, env.environ) {
		o.Progress = progressLine(line)
	}
	if os.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(garbage))
	}
	runs, err := simulate.All(env.ctx, o)
	line.status("")
	if err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	return c.show(env, runs)
}

// garbage is how much of it there may be, in percent of what is in use: a run holds so much that memory counts for more than the
// time that collecting it takes.
const garbage = 40

func (c simCommand) check() error {
	switch {
	case c.Policy != "" && len(c.Compare) > 0:
		return fmt.Errorf("--policy and --compare both say who schedules: give one")
	case c.Seeds < 1 || c.Seeds > 100:
		return fmt.Errorf("--seeds: %d is not in 1..100", c.Seeds)
	case c.Parallel < 0 || c.Parallel > 1000:
		return fmt.Errorf("--parallel: %d is not in 1..1000", c.Parallel)
	case c.Delay < 0 || c.Delay > time.Second:
		return fmt.Errorf("--policy-delay: %v is not in 0s..1s", c.Delay)
	}
	return nil
}

// policies are those of the flags or, without any, of the scenario.
func (c simCommand) policies(env *environment, s *scenario.Scenario) ([]config.Plugin, error) {
	flag, values := "compare", c.Compare
	if c.Policy != "" {
		flag, values = "policy", []string{c.Policy}
	}
	var list []config.Plugin
	for _, value := range values {
		p, err := choice(env, bridge.KindPolicy, strings.TrimSpace(value))
		if err != nil {
			return nil, flagError(flag, err)
		}
		list = append(list, p)
	}
	if len(list) > 0 {
		return list, nil
	}
	for _, p := range s.Policy {
		if p.Path == "" {
			list = append(list, config.Plugin{Name: p.Name, Params: p.Params})
			continue
		}
		found, err := executable(env, bridge.KindPolicy, p.Path)
		if err != nil {
			return nil, fmt.Errorf("%s: policy: %w", c.Scenario, err)
		}
		if p.Name != "" {
			found.Name = p.Name
		}
		found.Params = p.Params
		list = append(list, found)
	}
	return list, nil
}

// runnable is a policy as the simulator runs it: linked in, or an executable in a process.
func runnable(h *host.Host, p config.Plugin) simulate.Policy {
	if p.Path == "" {
		built, _ := bridge.Find(builtin.Plugins(), bridge.KindPolicy, p.Name) // it was found before
		return simulate.Policy{Name: p.Name, Factory: built.Policy, Params: p.Params}
	}
	return simulate.Policy{Name: p.Name, Params: p.Params, Process: func(params map[string]string) (simulate.Process, error) {
		ctx, cancel := context.WithTimeout(context.Background(), inspectTime)
		defer cancel()
		return h.Policy(ctx, host.Spec{Name: p.Name, Path: p.Path}, params)
	}}
}
