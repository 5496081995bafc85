package plugincheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/host"
)

// Options say what is checked.
type Options struct {
	Job                    // Kind and Name may be zero: the only offer then
	Child    []string      // the command that calls Conform
	SHA256   string        // of the file, for the result
	Timeout  time.Duration // for everything; default 5 min
	OnStart  func(*Result) // told once it is known who is judged; nil for nobody
	OnClause func(Clause)  // told of each verdict as it falls; nil for nobody
}

const (
	defaultTimeout = 5 * time.Minute
	parallel       = 4 // clauses at once: most of them wait
	mostAgain      = 4 // clauses that failed and are run once more
)

// starts is the first clause of every kind.
const starts = "the host starts it, and it says what it offers"

// errTimeout means that the time for everything is over.
var errTimeout = errors.New("the time for the whole check is over (--timeout gives it more)")

// Check judges a plugin. What is wrong with the plugin is in the result; errors are about the check itself: a kind or name
// that is not offered, a bad expression, ctx's end.
func Check(ctx context.Context, o Options) (*Result, error) {
	began := time.Now()
	if o.Timeout <= 0 {
		o.Timeout = defaultTimeout
	}
	if err := checkCases(o.Cases); err != nil {
		return nil, err
	}
	if _, err := regexp.Compile(o.Run); err != nil {
		return nil, fmt.Errorf("--run %q: %w", o.Run, err)
	}
	ctx, stop := context.WithTimeoutCause(ctx, o.Timeout, errTimeout)
	defer stop()
	r := &Result{Plugin: o.Path, Protocol: bridge.Protocol, SHA256: o.SHA256}
	if r.Plugin == "" {
		r.Plugin = o.Kind.String() + "/" + o.Name
	}
	c := &check{Options: o, result: r}
	err := c.run(ctx)
	r.Seconds = time.Since(began).Seconds()
	r.count()
	return r, err
}

// check is one under way.
type check struct {
	Options
	result *Result
}

func (c *check) run(ctx context.Context) error {
	h, err := newHost(c.Self, io.Discard)
	if err != nil {
		return err
	}
	defer hosting(h)()
	began := time.Now()
	i, err := h.Inspect(ctx, host.Spec{Kind: c.Kind, Name: c.Name, Path: c.Path})
	if err == nil {
		about := i.About
		i.End()
		if err := c.choose(about); err != nil {
			return err
		}
	} else if errors.Is(err, bridge.ErrNotOffered) {
		return err // the command is wrong, not the plugin
	}
	if c.OnStart != nil {
		c.OnStart(c.result)
	}
	first := Clause{Sentence: starts, Verdict: Pass, Seconds: time.Since(began).Seconds()}
	if err != nil {
		first.Verdict, first.Reason = Fail, err.Error()
	}
	c.add(first)
	if err != nil {
		return nil // it is the verdict
	}
	if err := c.suite(ctx); err != nil {
		return err
	}
	c.result.Timing = measure(ctx, h, &c.Job)
	return nil
}

func (c *check) add(clause Clause) {
	c.result.Clauses = append(c.result.Clauses, clause)
	if c.OnClause != nil {
		c.OnClause(clause)
	}
}

// choose picks the offer that is judged. Errors: lists what there is.
func (c *check) choose(about bridge.Description) error {
	var fits []bridge.Offer
	var have []string
	for _, o := range about.Offers {
		have = append(have, o.Kind.String()+"/"+o.Name)
		if (c.Kind == 0 || c.Kind == o.Kind) && (c.Name == "" || c.Name == o.Name) {
			fits = append(fits, o)
		}
	}
	if len(fits) != 1 {
		return fmt.Errorf("%s offers %s: choose one with --kind and --name", c.result.Plugin, strings.Join(have, ", "))
	}
	c.Kind, c.Name = fits[0].Kind, fits[0].Name
	for _, capability := range fits[0].Capabilities {
		c.Discover = c.Discover || capability == bridge.CapabilityDiscover
	}
	c.result.Kind, c.result.Name, c.result.Version = c.Kind.String(), c.Name, about.Version
	return nil
}

// runs is the clause of a suite that could not begin.
const runs = "the suite of its kind can be run"

// suite runs the clauses beside each other, and those that failed once more alone. Errors: as of all.
func (c *check) suite(ctx context.Context) error {
	failed, err := c.all(ctx)
	if err != nil {
		return err
	}
	c.again(ctx, failed)
	return nil
}

// all runs the child, and another one for what is left as long as each gets somewhere. It answers the clauses that failed
// beside others, which have no verdict yet. Errors: the expression matches nothing; the child cannot be run; ctx's.
func (c *check) all(ctx context.Context) (failed []*entry, err error) {
	job := c.Job
	job.Parallel = parallel
	for {
		t := newTranscript(func(clause Clause) {
			if clause.Verdict != Fail || job.Parallel == 1 {
				c.add(clause)
			}
		})
		how := runChild(ctx, c.Child, &job, t)
		if how.fault != nil {
			return failed, how.fault
		}
		t.finish(how.cause)
		if job.Parallel > 1 {
			failed = t.failures()
		}
		switch {
		case ctx.Err() != nil:
			return failed, c.overtime(ctx, t)
		case len(t.order) == 0 && (how.cause != "" || t.failed):
			c.add(Clause{Sentence: runs, Verdict: Fail, Reason: strings.TrimSpace(strings.Join(append(t.outside, how.cause), "\n"))})
			return failed, nil
		case len(t.order) == 0 && len(job.Skip) == 0:
			return failed, fmt.Errorf("--run %q matches no clause of the %s contract", c.Run, c.Kind)
		case how.cause == "" || len(t.judged()) == 0:
			return failed, nil
		}
		job.Skip = append(job.Skip, t.judged()...)
		job.Parallel = 1 // so that the next crash costs one clause
	}
}

// again gives the clauses that failed their verdicts. A few are run once more, alone: on a busy machine a bound of time may
// be missed for the sake of a neighbour. Whoever fails more is not in doubt.
func (c *check) again(ctx context.Context, failed []*entry) {
	for _, e := range failed {
		verdict := e.clause
		if len(failed) <= mostAgain && ctx.Err() == nil {
			job := c.Job
			job.Parallel, job.Only = 1, []string{e.name}
			t := newTranscript(func(alone Clause) { verdict = alone })
			t.finish(runChild(ctx, c.Child, &job, t).cause)
		}
		if verdict.Verdict == Pass {
			verdict.Verdict, verdict.Reason = Flaky, "it passed alone, and beside others it failed:\n"+e.clause.Reason
		}
		c.add(verdict)
	}
}

// overtime gives what was not reached a verdict. Errors: ctx's, unless it is the time that was set.
func (c *check) overtime(ctx context.Context, t *transcript) error {
	cause := context.Cause(ctx)
	if !errors.Is(cause, errTimeout) {
		return cause
	}
	for _, e := range t.waiting() {
		c.add(Clause{Sentence: e.clause.Sentence, Verdict: Fail, Reason: "not reached: " + cause.Error()})
	}
	return nil
}
