package simulate

import (
	"context"
	"fmt"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/scenario"
	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/sim"
)

// Options say what is run.
type Options struct {
	Scenario *scenario.Scenario
	Policies []Policy       // at least one
	Seeds    int            // runs of each policy, with the scenario's seed and those after it; at least 1
	Parallel int            // runs at once; at least 1
	Delay    time.Duration  // virtual, from what a policy is told to its answer; default 0
	Series   sim.SeriesMode // whether reports have a series
	Progress func(Progress) // called by one goroutine at a time; nil for nobody
}

// Policy is a policy that is run.
type Policy struct {
	Name    string
	Factory scheduler.Factory // of one that is linked in; nil for a process
	Process Starter           // of one that is a process
	Params  map[string]string // its own
}

// Run is one run.
type Run struct {
	Policy string
	Report *report.Report
	Whole  bool // false when it was stopped
}

// runner is what the runs of one call share.
type runner struct {
	Options
	ctx context.Context

	mu   sync.Mutex
	done []time.Duration // virtual, by run
	runs []*Run
	err  error // the first
}

// All runs every policy with every seed: the runs of the first policy first. Once ctx ends it gives what there is
// by then, of runs that began. Errors: sim.ErrConfig, scheduler.ErrParameter, ErrPolicy, what a Starter answers.
func All(ctx context.Context, o Options) ([]*Run, error) {
	n := len(o.Policies) * o.Seeds
	r := &runner{Options: o, done: make([]time.Duration, n), runs: make([]*Run, n)}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r.ctx = ctx
	jobs := make(chan int)
	var workers sync.WaitGroup
	for range min(o.Parallel, n) {
		workers.Go(func() {
			for i := range jobs {
				if err := r.one(i); err != nil {
					r.fail(err)
					cancel()
				}
			}
		})
	}
	for i := range n {
		select {
		case jobs <- i:
		case <-ctx.Done():
		}
	}
	close(jobs)
	workers.Wait()
	if r.err != nil {
		return nil, r.err
	}
	var runs []*Run
	for _, run := range r.runs {
		if run != nil {
			runs = append(runs, run)
		}
	}
	return runs, nil
}

func (r *runner) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.err == nil {
		r.err = err
	}
}

// one makes run i.
func (r *runner) one(i int) error {
	if r.ctx.Err() != nil {
		return nil
	}
	p := &r.Policies[i/r.Seeds]
	cfg := r.Scenario.Simulation()
	cfg.Seed += uint64(i % r.Seeds)
	cfg.PolicyName, cfg.Params, cfg.Policy = p.Name, r.params(p), p.Factory
	cfg.PolicyDelay, cfg.Series = r.Delay, r.Series
	var failed func() error
	if p.Process != nil {
		steps := lockstep{start: p.Process}
		defer steps.close()
		cfg.Policy, failed = steps.factory, steps.failed
	}
	whole := true
	cfg.Progress = func(at time.Duration) sim.Verdict {
		r.tell(i, at, cfg.Duration)
		if r.ctx.Err() == nil && (failed == nil || failed() == nil) {
			return sim.GoOn
		}
		whole = false
		return sim.Stop
	}
	rep, err := sim.Run(cfg)
	if err == nil && failed != nil {
		err = failed()
	}
	if err != nil {
		return fmt.Errorf("policy %s, seed %d: %w", p.Name, cfg.Seed, err)
	}
	r.tell(i, cfg.Duration, cfg.Duration)
	r.runs[i] = &Run{p.Name, rep, whole}
	return nil
}

// params are the policy's, with the source's copies for a built-in that was not given any.
func (r *runner) params(p *Policy) map[string]string {
	params := maps.Clone(p.Params)
	if _, given := params["copies"]; p.Process == nil && !given {
		if params == nil {
			params = make(map[string]string)
		}
		params["copies"] = strconv.Itoa(r.Scenario.Source.Copies)
	}
	return params
}

// tell says how far run i is.
func (r *runner) tell(i int, at, of time.Duration) {
	if r.Progress == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done[i] = at
	sum := time.Duration(0)
	for _, d := range r.done {
		sum += d
	}
	r.Progress(Progress{
		Done:   float64(sum) / (float64(of) * float64(len(r.done))),
		Policy: r.Policies[i/r.Seeds].Name, Seed: r.Scenario.Seed + uint64(i%r.Seeds),
	})
}
