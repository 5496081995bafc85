package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/plugincheck"
	"github.com/shoal-live/shoal/plugins/bridge"
)

type pluginTest struct {
	Which   string            `arg:"" name:"path" help:"Executable, or KIND/NAME of a built-in."`
	Kind    string            `help:"Which of its offers: transport, policy, ingest or egress." placeholder:"KIND"`
	Name    string            `help:"Which of its offers." placeholder:"NAME"`
	Param   map[string]string `help:"A parameter for every instance." placeholder:"KEY=VALUE" mapsep:"none"`
	Source  string            `help:"For an ingest: a source with video that plays for ever; otherwise it is asked for one." placeholder:"URL"`
	Case    map[string]string `help:"For an ingest: a further source, for one clause. CASE is absent, denied, ending, changing, stamped or unsupported-CODEC." placeholder:"CASE=URL" mapsep:"none"`
	Listen  string            `help:"Where a transport listens (default 127.0.0.1:0), or an egress puts its output (default 127.0.0.1:{port}); {port} is a free port, {dir} an empty folder." placeholder:"ADDR"`
	Clauses string            `name:"run" help:"Only the clauses that match this regular expression; spaces match." placeholder:"REGEXP"`
	Timeout time.Duration     `default:"5m" help:"For everything."`
	JSON    bool              `name:"json" help:"The verdicts and timings as JSON."`
}

// Run judges the plugin, and fails when a clause does.
func (c pluginTest) Run(env *environment) error {
	o, err := c.options()
	if err != nil {
		return fmt.Errorf("plugin test: %w", err)
	}
	printer := plugincheck.Printer{W: env.stdout}
	if !c.JSON {
		o.OnStart, o.OnClause = printer.Start, printer.Clause
	}
	r, err := plugincheck.Check(env.ctx, o)
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("plugin test: interrupted before the last verdict")
	case err != nil:
		return fmt.Errorf("plugin test: %w", err)
	case c.JSON:
		err = writeJSON(env.stdout, r)
	default:
		printer.End(r)
	}
	if err == nil && r.Failed > 0 {
		err = fmt.Errorf("plugin test: %s breaks its contract: %d fail of %d: %s", c.Which, r.Failed, len(r.Clauses), strings.Join(r.Failures(), "; "))
	}
	return err
}

func (c pluginTest) options() (plugincheck.Options, error) {
	var o plugincheck.Options
	spec, err := specOf(c.Which)
	if err != nil {
		return o, err
	}
	o.Kind, o.Name, o.Path = spec.Kind, spec.Name, spec.Path
	if c.Kind != "" {
		if o.Kind, err = bridge.ParseKind(c.Kind); err != nil {
			return o, fmt.Errorf("--kind: %w", err)
		}
	}
	if c.Name != "" {
		o.Name = c.Name
	}
	if o.Self, err = ownPlugins(); err != nil {
		return o, err
	}
	if o.SHA256, err = checksumOf(spec.Path); err != nil {
		return o, err
	}
	self, err := os.Executable()
	o.Child = []string{self, "plugin", "conform"}
	o.Params, o.Source, o.Cases, o.Listen = c.Param, c.Source, c.Case, c.Listen
	o.Job.Run, o.Timeout = c.Clauses, c.Timeout
	return o, err
}

type pluginConform struct{}

// Run runs the suite and ends the process.
func (pluginConform) Run(env *environment) error { return plugincheck.Conform(env.stdin) }
