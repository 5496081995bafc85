package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/scenario"
	"github.com/shoal-live/shoal/cmd/shoal/simulate"
	"github.com/shoal-live/shoal/cmd/shoal/trial"
	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/core/sim"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/builtin"
)

type trialCommand struct {
	Scenario    string        `arg:"" help:"File; scenario.example.yml has every key." placeholder:"SCENARIO.yml"`
	Report      string        `help:"Write all figures to this file: an object with trial, used, simulator, baseline and media." placeholder:"FILE"`
	Policy      string        `help:"Policy, instead of the scenario's: a built-in one, or the path of an executable, ./mine." placeholder:"PATH|NAME"`
	Crew        int           `help:"Processes that the viewers are in, 1 to 64; as many as there are cores when not given." placeholder:"N"`
	Process     int           `default:"2" help:"Viewers whose plugins run as processes; the others run them inline, but for executables."`
	Sim         bool          `default:"true" negatable:"" help:"Simulate the scenario afterwards, and print both side by side."`
	Baseline    bool          `help:"Let as many readers read MediaMTX itself afterwards, over RTSP and over LL-HLS, and print all three side by side."`
	BaselineFor time.Duration `default:"15s" help:"How long each of the two is measured, more than 2s, once all readers have come."`
	Media       bool          `help:"Compare what 20 viewers play out with what MediaMTX was given, frame by frame, and fail when it differs."`
	Steady      bool          `help:"Print what the processes hold of memory, goroutines and descriptors, and fail when it grows."`
	Data        string        `help:"Folder for all that it writes; a temporary one, removed at the end, when empty." placeholder:"DIR"`
	Profile     bool          `help:"Write what takes the processor's time in each process to the data folder, for go tool pprof; with --data."`
	LogLevel    string        `default:"error" enum:"debug,info,warn,error" help:"debug, info, warn or error; logs go to the data folder."`
}

const (
	compared = 20 // viewers, by --media
	mostCrew = 64 // processes
)

// Run makes the trial.
func (c trialCommand) Run(env *environment) error {
	o, err := c.options(env)
	if err != nil {
		return err
	}
	dir, logFile, done, err := workplace(c.Data, "shoal-trial-")
	if err != nil {
		return err
	}
	defer done()
	line := &shared{w: env.stderr}
	o.Dir, o.Out, o.Log = dir, line, newLog(logFile, c.LogLevel, "text")
	if paints(os.Stderr, env.environ) {
		o.Progress = func(p trial.Progress) { line.status(p.Text()) }
	}
	result, err := trial.Run(env.ctx, o)
	line.status("")
	if err != nil && c.Data == "" && !errors.Is(err, trial.ErrScenario) {
		err = fmt.Errorf("%w (--data DIR keeps the logs)", err)
	}
	if result == nil {
		return err
	}
	return errors.Join(err, c.finish(env, o, result))
}

// options are those of the flags and the scenario.
func (c trialCommand) options(env *environment) (trial.Options, error) {
	var o trial.Options
	switch {
	case c.Crew < 0 || c.Crew > mostCrew:
		return o, fmt.Errorf("--crew: %d is not in 1..%d", c.Crew, mostCrew)
	case c.Process < 0:
		return o, fmt.Errorf("--process: %d is below 0", c.Process)
	case c.BaselineFor <= 2*time.Second:
		return o, fmt.Errorf("--baseline-for: %v is not more than 2s", c.BaselineFor)
	}
	s, err := scenario.Load(c.Scenario, bridge.Names(builtin.Plugins(), bridge.KindPolicy))
	if err != nil {
		return o, err
	}
	policy, err := c.policy(env, s)
	if err != nil {
		return o, err
	}
	self, err := os.Executable()
	if err != nil {
		return o, err
	}
	o = trial.Options{
		Scenario: s, Policy: policy, Crew: c.Crew, Process: c.Process, Worker: []string{self, "trial-worker", "--log-level", c.LogLevel},
	}
	switch {
	case c.Profile && c.Data == "":
		return o, errors.New("--profile: name the folder that is to keep the profiles with --data")
	case c.Profile:
		o.Worker = append(o.Worker, "--profile", c.Data)
	}
	if c.Crew == 0 {
		o.Crew = min(runtime.NumCPU(), mostCrew)
	}
	if c.Baseline {
		o.Baseline = c.BaselineFor
	}
	if c.Media {
		o.Compare = compared
	}
	return o, nil
}

// finish simulates the same, shows all, and fails when a frame is another.
func (c trialCommand) finish(env *environment, o trial.Options, result *trial.Result) error {
	var simulated *report.Report
	var all []error
	if c.Sim && result.Whole {
		var err error
		simulated, err = c.simulate(env, o)
		all = append(all, err)
	}
	all = append(all, c.show(env, result, simulated))
	if c.Steady {
		all = append(all, trial.PrintSteady(env.stdout, result), result.Steady())
	}
	if m := result.Media; m != nil && (result.Whole || m.Viewers > 0) { // one that is stopped early has played nothing
		all = append(all, m.Err())
	}
	return errors.Join(all...)
}

// policy is that of the flag or, without it, of the scenario.
func (c trialCommand) policy(env *environment, s *scenario.Scenario) (config.Plugin, error) {
	list, err := simCommand{Scenario: c.Scenario, Policy: c.Policy}.policies(env, s)
	if err != nil {
		return config.Plugin{}, err
	}
	if len(list) > 1 {
		return config.Plugin{}, fmt.Errorf("%s: policy: there are %d, and a trial runs one: choose it with --policy", c.Scenario, len(list))
	}
	return list[0], nil
}

// simulate runs the same in virtual time; nil when it was stopped.
func (c trialCommand) simulate(env *environment, of trial.Options) (*report.Report, error) {
	line := &shared{w: env.stderr}
	h, stop, err := inspectionHost(env)
	if err != nil {
		return nil, err
	}
	defer stop()
	o := simulate.Options{
		Scenario: of.Scenario, Policies: []simulate.Policy{runnable(h, of.Policy)}, Seeds: 1, Parallel: runtime.NumCPU(), Series: sim.PerSecond,
	}
	if paints(os.Stderr, env.environ) {
		o.Progress = progressLine(line)
	}
	runs, err := simulate.All(env.ctx, o)
	line.status("")
	if err != nil || len(runs) == 0 || !runs[0].Whole {
		return nil, err
	}
	return runs[0].Report, nil
}

// show writes and prints what was measured.
func (c trialCommand) show(env *environment, result *trial.Result, simulated *report.Report) error {
	if c.Report != "" {
		if err := writeFile(c.Report, func(w io.Writer) error { return writeJSON(w, result.File(simulated)) }); err != nil {
			return flagError("report", err)
		}
	}
	return trial.Print(env.stdout, result, simulated)
}

type trialWorker struct {
	LogLevel string `default:"error"`
	Profile  string // folder to say in what takes the processor's time; "" for none
}

// Run works until the trial that started this process hangs up.
func (c trialWorker) Run(env *environment) error {
	command, err := ownPlugins()
	if err != nil {
		return err
	}
	if c.Profile != "" {
		f, err := os.Create(filepath.Join(c.Profile, fmt.Sprintf("cpu-%d.pprof", os.Getpid())))
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // it was written by then, or is of no use
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	// A Ctrl-C reaches all processes of the terminal. The conductor asks this one what it has measured, and hangs up then.
	return trial.Work(context.WithoutCancel(env.ctx), standardStreams{os.Stdin, os.Stdout}, command, newLog(env.stderr, c.LogLevel, "text"))
}

// standardStreams are both directions to the process that started this one.
type standardStreams struct {
	io.ReadCloser
	io.WriteCloser
}

// Close implements io.Closer.
func (s standardStreams) Close() error {
	return errors.Join(s.ReadCloser.Close(), s.WriteCloser.Close())
}
