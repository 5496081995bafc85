package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"golang.org/x/term"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/watch"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/plugins/bridge"
)

type watchCommand struct {
	URL       string `arg:"" help:"Link of the stream: http(s)://host:9870/cam1."`
	HLS       string `name:"hls" default:"127.0.0.1:9888" help:"Address of the low-latency HLS server; empty for none."`
	RTSP      string `name:"rtsp" default:"127.0.0.1:9554" help:"Address of the RTSP server that players and a MediaMTX can pull; empty for none."`
	Publish   string `help:"Publish into a media server." placeholder:"rtsp://..."`
	Pipe      bool   `help:"Write fMP4 to standard output: shoal watch --pipe URL | mpv -"`
	Uplink    string `default:"0" help:"Cap of all that leaves, in bits per second: 2M; 0 for none." placeholder:"RATE"`
	Transport string `default:"quic" help:"Transport: a built-in one, or the path of an executable, ./mine. The source has the same." placeholder:"PATH|NAME"`
	Policy    string `default:"substream" help:"Policy, likewise." placeholder:"PATH|NAME"`
	Listen    string `default:":0" help:"Address of the transport."`
	Isolation string `default:"process" enum:"process,inline" help:"Where plugins run: process or inline."`
	LogLevel  string `default:"warn" enum:"debug,info,warn,error" help:"debug, info, warn or error."`
}

// Run plays until Ctrl-C.
func (c watchCommand) Run(env *environment) error {
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
	command, err := ownPlugins()
	if err != nil {
		return err
	}
	out := &shared{w: env.stderr}
	o := watch.Options{
		URL: c.URL, HLS: c.HLS, RTSP: c.RTSP, Publish: c.Publish, Uplink: uplink, Listen: c.Listen,
		Transport: transport, Policy: policy, Isolation: config.Isolation(c.Isolation), Command: command, Log: newLog(out, c.LogLevel, "text"),
	}
	ctx, cancel := context.WithCancel(env.ctx)
	defer cancel()
	if c.Pipe { // the player is at the other end of the pipe
		if term.IsTerminal(int(os.Stdout.Fd())) {
			return errors.New("--pipe: standard output is a terminal: put a player behind it, as in shoal watch --pipe URL | mpv -")
		}
		o.Pipe, o.HLS, o.RTSP = "-", "", ""
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
		if paints(os.Stderr, env.environ) {
			v.Status(ctx, func(line string) {
				columns, _ := size(os.Stderr)
				out.status(line[:min(len(line), columns-1)]) // one that wraps could not be overwritten
			})
			out.status("")
		}
	}()
	err = v.Run(ctx)
	cancel()
	<-shown
	return err
}

func flagError(flag string, err error) error { return fmt.Errorf("--%s: %w", flag, err) }
