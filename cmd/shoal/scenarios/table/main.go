package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// command is the command line.
type command struct {
	Seeds     int      `default:"5" help:"Runs of each case, with the seeds 1 and those after it, 1 to 100."`
	Cases     []string `help:"Cases to run: scenarios of the folder, without .yml. All when not given." placeholder:"NAME,..."`
	Kept      bool     `help:"Judge the reports that are there, and run nothing."`
	Out       string   `default:".cache/table" help:"Folder of the reports." placeholder:"DIR"`
	Shoal     string   `default:".cache/bin/shoal" help:"The program that simulates." placeholder:"PATH"`
	Scenarios string   `default:"cmd/shoal/scenarios/table" help:"Folder of the scenarios." placeholder:"DIR"`

	stdout, stderr io.Writer
}

// ownScenarios is the default of Scenarios: the cases as they are asked.
const ownScenarios = "cmd/shoal/scenarios/table"

// Mistakes of a run that the exit status tells.
var (
	errNotMet  = errors.New("figures are not met")
	errUnknown = errors.New("no such case")
	errNothing = errors.New("no reports of these cases")
)

func main() { os.Exit(start(os.Args[1:])) }

func start(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := command{stdout: os.Stdout, stderr: os.Stderr}
	parser, err := kong.New(&c, kong.Name("table"), kong.Description("Run the cases that scheduling is judged by, and print what was asked beside what was measured."))
	if err == nil {
		_, err = parser.Parse(args)
	}
	if err == nil {
		err = c.all(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		return 1
	}
	return 0
}

// all runs what is wanted, says how each case ended, and prints the table of those that did. Errors: errNotMet, errUnknown, errNothing.
func (c *command) all(ctx context.Context) error {
	if c.Seeds < 1 || c.Seeds > 100 {
		return fmt.Errorf("--seeds: %d is not in 1..100", c.Seeds)
	}
	chosen, err := choose(rows(), c.Cases)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.Out, 0o755); err != nil {
		return err
	}
	var done []result
	var failed error
	for i := range chosen {
		r := &chosen[i]
		res, err := c.one(ctx, r)
		if ctx.Err() != nil {
			failed = fmt.Errorf("stopped at %s: %w", r.name, ctx.Err())
			break
		}
		if err != nil {
			fmt.Fprintf(c.stderr, "%-20s could not be run: %v\n", r.name, err)
			failed = errors.Join(failed, err)
			continue
		}
		if res != nil {
			fmt.Fprintln(c.stderr, res.line())
			done = append(done, *res)
		}
	}
	switch {
	case len(done) == 0 && failed != nil:
		return failed
	case len(done) == 0:
		return fmt.Errorf("%s: %w (leave --kept out to run them)", c.Out, errNothing)
	}
	text := markdown(done)
	if c.Scenarios != ownScenarios {
		text += "The scenarios are those of " + c.Scenarios + ", whatever the cases are called.\n"
	}
	if err := os.WriteFile(c.file("table.md"), []byte(text), 0o644); err != nil {
		return err
	}
	if _, err := io.WriteString(c.stdout, text); err != nil {
		return err
	}
	if met, of := tally(done); failed == nil && met < of {
		return fmt.Errorf("%d of %d %w", of-met, of, errNotMet)
	}
	return failed
}

// one runs and judges a case; nil for one that is not there to be judged.
func (c *command) one(ctx context.Context, r *row) (*result, error) {
	if !c.Kept {
		if err := c.run(ctx, r); err != nil {
			return nil, err
		}
	}
	e, err := c.load(r)
	if err != nil || e == nil {
		return nil, err
	}
	if r.needs != "" {
		with, err := c.load(&row{name: r.needs})
		if err != nil {
			return nil, err
		}
		e.compare(r.needs, with)
	}
	res := &result{row: r, seeds: len(e.samples), binary: e.Binary, wall: e.wall().Round(time.Second)}
	for i := range r.figures {
		res.verdicts = append(res.verdicts, r.figures[i].judge(e.samples))
	}
	return res, nil
}

// choose picks rows by name, with those that they are compared to; all for no name. Errors: errUnknown.
func choose(all []row, names []string) ([]row, error) {
	wanted := make(map[string]bool)
	for _, name := range names {
		i := slices.IndexFunc(all, func(r row) bool { return r.name == strings.TrimSpace(name) })
		if i < 0 {
			var have []string
			for _, r := range all {
				have = append(have, r.name)
			}
			return nil, fmt.Errorf("--cases: %w: %q (have: %s)", errUnknown, name, strings.Join(have, ", "))
		}
		wanted[all[i].name], wanted[all[i].needs] = true, true
	}
	if len(names) == 0 {
		return all, nil
	}
	return slices.DeleteFunc(slices.Clone(all), func(r row) bool { return !wanted[r.name] }), nil
}
