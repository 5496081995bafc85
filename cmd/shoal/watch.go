package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"golang.org/x/term"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/watch"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/swarm"
)

// watchCommand's flags count over the file's keys; a flag that is not given has no value.
type watchCommand struct {
	URL       string   `arg:"" help:"Link of the stream: http(s)://host:9870/cam1."`
	Config    string   `help:"Config file, followed while it plays: the keys logLevel, uplink, plugins, transport, policy and egress of shoal.example.yml." placeholder:"FILE"`
	HLS       *string  `name:"hls" help:"Address of the low-latency HLS server, empty for none (default 127.0.0.1:9888, unless the file has egress)." placeholder:"ADDR"`
	RTSP      *string  `name:"rtsp" help:"Address of the RTSP server that players and a MediaMTX can pull, empty for none (default 127.0.0.1:9554, likewise)." placeholder:"ADDR"`
	Publish   string   `help:"Publish into a media server." placeholder:"rtsp://..."`
	Pipe      bool     `help:"Write fMP4 to standard output, and serve nothing else that is not asked for: shoal watch --pipe URL | mpv -"`
	Egress    []string `sep:"none" help:"One more output, and what it is given: ./mine,listen=127.0.0.1:8870,colour=red. May be given again." placeholder:"PATH|NAME[,KEY=VALUE...]"`
	Uplink    string   `help:"Cap of all that leaves, in bits per second: 2M (default 0, none)." placeholder:"RATE"`
	Transport string   `help:"Transport: a built-in one, or the path of an executable, ./mine; the source has the same (default quic)." placeholder:"PATH|NAME"`
	Policy    string   `help:"Policy, likewise (default substream, or as the stream's operator says)." placeholder:"PATH|NAME"`
	Listen    string   `help:"Address of the transport (default :0)." placeholder:"ADDR"`
	Isolation string   `help:"Where built-in plugins run: process or inline (default process)." placeholder:"ISOLATION"`
	LogLevel  string   `help:"debug, info, warn or error (default warn)." placeholder:"LEVEL"`
}

// Run plays until Ctrl-C.
func (c watchCommand) Run(env *environment) error { return c.run(env, swarm.Viewer) }

// run takes part in that role until Ctrl-C.
func (c watchCommand) run(env *environment, role swarm.Role) error {
	if c.Pipe && term.IsTerminal(int(os.Stdout.Fd())) {
		return errors.New("--pipe: standard output is a terminal: put a player behind it, as in shoal watch --pipe URL | mpv -")
	}
	flags, err := c.flags(env)
	if err != nil {
		return err
	}
	flags.role = role
	o, err := flags.options()
	if err != nil {
		return err
	}
	level := new(slog.LevelVar)
	if err := level.UnmarshalText([]byte(o.LogLevel)); err != nil {
		return flagError("log-level", err)
	}
	out := &shared{w: env.stderr}
	ctx, cancel := context.WithCancel(env.ctx)
	defer cancel()
	o.Log, o.Environ = newLogAt(out, level, "text"), env.environ
	o.Live = watch.Live{File: c.Config, Level: level, Read: flags.options}
	if o.Command, err = ownPlugins(); err != nil {
		return err
	}
	if c.Pipe {
		o.Events = func(e event.Event) {
			if f, failed := e.(event.PartFailed); failed && f.Part == "pipe" && c.Publish == "" {
				cancel() // the player has gone, and there is nothing else to do
			}
		}
	}
	o.Ready = func(output string, urls []string) {
		for _, u := range urls {
			fmt.Fprintf(out, "%s: %s\n", output, u)
		}
	}
	v, err := watch.Open(ctx, o)
	if err != nil {
		return err
	}
	shown := make(chan struct{})
	go func() {
		defer close(shown)
		switch {
		case paints(os.Stderr, env.environ):
			v.Status(ctx, time.Second, func(line string) {
				columns, _ := size(os.Stderr)
				out.status(line[:min(len(line), columns-1)]) // one that wraps could not be overwritten
			})
			out.status("")
		case role == swarm.Helper: // there is nothing else to see of it
			v.Status(ctx, helperTells, func(line string) { fmt.Fprintln(out, line) })
		}
	}()
	err = v.Run(ctx)
	cancel()
	<-shown
	return err
}

// load reads the file.
func (c watchCommand) load() (config.Config, error) { return config.LoadViewer(c.Config, wire.Known()) }

func flagError(flag string, err error) error { return fmt.Errorf("--%s: %w", flag, err) }
