package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/demo"
	"github.com/shoal-live/shoal/plugins/bridge"
)

type demoCommand struct {
	Viewers   int           `default:"12" help:"Viewers, 1 to 200."`
	For       time.Duration `default:"0s" help:"How long; 0 until Ctrl-C."`
	Headless  bool          `help:"No live table."`
	Report    string        `help:"Write the report to this file." placeholder:"FILE"`
	Uplink    string        `default:"8M" help:"Cap of the source's uplink, in bits per second; 0 for none." placeholder:"RATE"`
	Transport string        `default:"quic" help:"Transport of all nodes: a built-in one, or the path of an executable, ./mine." placeholder:"PATH|NAME"`
	Policy    string        `default:"substream" help:"Policy of all nodes, likewise." placeholder:"PATH|NAME"`
	Process   int           `default:"1" help:"Viewers whose plugins run as processes; the others run them inline, but for executables."`
	Join      time.Duration `default:"1s" help:"Over which the viewers join."`
	Clip      string        `default:"clock" help:"Bundled clip."`
	Data      string        `help:"Folder for all that it writes; a temporary one, removed at the end, when empty." placeholder:"DIR"`
	Network   demoNetwork   `embed:""`
	LogLevel  string        `default:"error" enum:"debug,info,warn,error" help:"debug, info, warn or error; the log goes to the data folder."`
}

// Run shows the demo.
func (c demoCommand) Run(env *environment) error {
	if c.Viewers < 1 || c.Viewers > 200 {
		return fmt.Errorf("--viewers: %d is not in 1..200", c.Viewers)
	}
	uplink, err := parseRate("uplink", c.Uplink)
	if err != nil {
		return err
	}
	transport, err := choice(env, bridge.KindTransport, c.Transport)
	if err != nil {
		return flagError("transport", err)
	}
	policy, err := choice(env, bridge.KindPolicy, c.Policy)
	if err != nil {
		return flagError("policy", err)
	}
	source, viewers, err := c.Network.impairments(c.Transport)
	if err != nil {
		return err
	}
	command, err := ownPlugins()
	if err != nil {
		return err
	}
	dir, logFile, done, err := workplace(c.Data, "shoal-demo-")
	if err != nil {
		return err
	}
	defer done()
	o := demo.Options{
		Viewers: c.Viewers, For: c.For, Uplink: uplink, Dir: dir, Clip: c.Clip, Process: c.Process, Join: c.Join,
		Transport: transport, Impair: source, ViewerImpair: viewers, Policy: policy, Command: command, Out: env.stderr, Log: newLog(logFile, c.LogLevel, "text"),
	}
	if !c.Headless && paints(os.Stdout, env.environ) {
		o.Table, o.Size = env.stdout, func() (int, int) { return size(os.Stdout) }
	}
	result, err := demo.Run(env.ctx, o)
	if err != nil {
		return errors.Join(err, c.lastLines(logFile.Name(), env.stderr))
	}
	return c.finish(env, result)
}

// finish prints and writes what was measured, and fails when a viewer never played.
func (c demoCommand) finish(env *environment, result *demo.Result) error {
	r := result.Report
	fmt.Fprintf(env.stdout, "\n%d viewers, %.1f s: delay p50 %.0f ms p99 %.0f ms, playout p95 %.0f ms, startup p95 %.0f ms, continuity %.5f\n",
		r.Viewers, r.DurationS, r.DelayMS.P50, r.DelayMS.P99, r.PlayoutMS.P95, r.StartupMS.P95, r.Continuity.Mean)
	fmt.Fprintf(env.stdout, "source sent %.2f copies (at most %.2f Mb/s in one second), %.0f %% came from peers, redundancy %.1f %%, control %.1f %%\n",
		r.SourceEgressRatio, r.Max1sEgressBps/1e6, 100*r.Offload, 100*r.RedundancyRatio, 100*r.ControlRatio)
	if c.Report != "" {
		b, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.Report, append(b, '\n'), 0o644); err != nil {
			return err
		}
	}
	if r.NeverPlayed > 0 {
		return fmt.Errorf("demo: %d of %d viewers never played", r.NeverPlayed, r.Viewers)
	}
	return nil
}

// lastLines shows the end of the log, for a demo that failed.
func (c demoCommand) lastLines(path string, w io.Writer) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	const most = 2000
	if len(b) > most {
		b = b[len(b)-most:]
	}
	_, err = w.Write(b)
	return err
}
