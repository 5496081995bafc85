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
	Viewers  []int          // numbers of viewers, instead of the scenario's: every policy runs with each; none for the scenario's
	Seeds    int            // runs of each policy and number, with the scenario's seed and those after it; at least 1
	Parallel int            // cores to use, by runs at once and within each; at least 1
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
	Policy  string
	Viewers int // that were to come
	Report  *report.Report
	Whole   bool // false when it was stopped
}

// runner is what the runs of one call share.
type runner struct {
	Options
	ctx   context.Context
	sizes []*scenario.Scenario // the scenario with each number of viewers

	mu   sync.Mutex
	done []time.Duration // virtual, by run
	runs []*Run
	err  error // the first
}

// All runs every policy with every number of viewers and every seed: the runs of the first policy first, and of these those of
// the first number. Once ctx ends it gives what there is by then, of runs that began. Errors: scenario.ErrScenario for
// a number of viewers that the scenario cannot have, sim.ErrConfig, scheduler.ErrParameter, ErrPolicy, what a Starter answers.
func All(ctx context.Context, o Options) ([]*Run, error) {
	r := &runner{Options: o, sizes: []*scenario.Scenario{o.Scenario}}
	if len(o.Viewers) > 0 {
		r.sizes = nil
	}
	for _, viewers := range o.Viewers {
		s, err := o.Scenario.With(viewers)
		if err != nil {
			return nil, err
		}
		r.sizes = append(r.sizes, s)
	}
	n := len(o.Policies) * len(r.sizes) * o.Seeds
	r.done, r.runs = make([]time.Duration, n), make([]*Run, n)
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

// which is what run i is of.
func (r *runner) which(i int) (*Policy, *scenario.Scenario) {
	i /= r.Seeds
	return &r.Policies[i/len(r.sizes)], r.sizes[i%len(r.sizes)]
}

// one makes run i.
func (r *runner) one(i int) error {
	if r.ctx.Err() != nil {
		return nil
	}
	p, s := r.which(i)
	cfg := s.Simulation()
	cfg.Seed += uint64(i % r.Seeds)
	cfg.PolicyName, cfg.Params, cfg.Policy = p.Name, r.params(p), p.Factory
	cfg.PolicyDelay, cfg.Series, cfg.Each = r.Delay, r.Series, each(r.Parallel/min(r.Parallel, len(r.runs)))
	var failed func() error
	if p.Process != nil {
		steps := lockstep{start: p.Process}
		defer steps.close()
		cfg.Policy, failed = steps.factory, steps.failed
		cfg.Each = nil // a run's processes are asked one at a time
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
		return fmt.Errorf("policy %s, %d viewers, seed %d: %w", p.Name, s.Viewers.Count, cfg.Seed, err)
	}
	r.tell(i, cfg.Duration, cfg.Duration)
	r.runs[i] = &Run{p.Name, s.Viewers.Count, rep, whole}
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
	sum, all := 0.0, 0.0
	for k, d := range r.done {
		_, s := r.which(k)
		sum += float64(d) * float64(s.Viewers.Count)
		all += float64(of) * float64(s.Viewers.Count)
	}
	p, s := r.which(i)
	r.Progress(Progress{Done: sum / all, Policy: p.Name, Viewers: s.Viewers.Count, Seed: r.Scenario.Seed + uint64(i%r.Seeds)})
}
