// Command shoal is Shoal: peer-to-peer live distribution for the media server you already run.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// commands is the command line.
type commands struct {
	Serve      serveCommand      `cmd:"" help:"Share every path of a MediaMTX with a swarm of viewers."`
	Watch      watchCommand      `cmd:"" help:"Join a stream, and play it in any player."`
	Helper     helperCommand     `cmd:"" help:"Relay a stream for others, and play nothing: what a volunteer runs."`
	Rendezvous rendezvousCommand `cmd:"" help:"Run the media-free meeting point alone, on a public machine."`
	Demo       demoCommand       `cmd:"" help:"Show it all on this machine: MediaMTX, a source, and viewers that feed each other."`
	Sim        simCommand        `cmd:"" help:"Run a scenario in virtual time: the real engine and policies, as many viewers as you like."`
	Trial      trialCommand      `cmd:"" help:"Run a scenario with real nodes over real sockets, beside a real MediaMTX, on this machine."`
	Worker     trialWorker       `cmd:"" name:"trial-worker" hidden:"" help:"Run nodes for the trial that started this process."`
	Key        keyCommand        `cmd:"" help:"Show, export or import the key that publishes."`
	Plugin     pluginCommand     `cmd:"" help:"Plugins."`
	Version    versionCommand    `cmd:"" help:"Print the version."`
}

// environment is what a command may touch of the process.
type environment struct {
	ctx     context.Context // ends at the first Ctrl-C or SIGTERM
	stdin   io.Reader
	stdout  io.Writer
	stderr  io.Writer
	environ []string
}

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	var c commands
	parser, err := kong.New(&c, kong.Name("shoal"), kong.UsageOnError(),
		kong.Description("Peer-to-peer live distribution for the media server you already run."))
	if err != nil {
		fmt.Fprintln(os.Stderr, "shoal:", err)
		return 2
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	k, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(os.Stderr, "shoal: %v (%s)\n", err, whereHelpIs(err))
		return 2
	}
	env := &environment{ctx: ctx, stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ()}
	if err := k.Run(env); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintf(os.Stderr, "shoal: %v\n", err)
		return 1
	}
	return 0
}

// whereHelpIs says what lists the words that a line could have had in place of the wrong one.
func whereHelpIs(err error) string {
	var wrong *kong.ParseError
	if errors.As(err, &wrong) && wrong.Context != nil {
		if command := wrong.Context.Selected(); command != nil {
			return "shoal " + command.Path() + " --help lists what it takes"
		}
	}
	return "shoal --help lists the commands"
}
