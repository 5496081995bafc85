// Package demo is `shoal demo`: a real MediaMTX, a clip published into it in a loop, a source beside it, and viewers
// over real links on loopback, with a live table and a report. It takes free ports, writes into its own folder
// alone, and leaves nothing behind.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/serve"
	"github.com/shoal-live/shoal/cmd/shoal/watch"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
)

// streamName is the path that the demo publishes.
const streamName = "clock"

// Options describe a demo.
type Options struct {
	Viewers      int                        // default 12
	For          time.Duration              // 0 until ctx ends
	Uplink       config.Rate                // cap of the source; 0 for none
	Dir          string                     // folder for all that it writes; it must exist
	Clip         string                     // default the clip with the running clock
	Transport    config.Plugin              // of all nodes; one with a path runs as a process everywhere
	Policy       config.Plugin              // the same
	Impair       string                     // how bad the network is for what the source sends, as params.impair of quic; "" for none
	ViewerImpair string                     // the same for what viewers send
	Process      int                        // viewers whose plugins run as processes; the others run them inline
	Join         time.Duration              // over which the viewers join
	Command      []string                   // that starts this binary's own plugins
	Table        io.Writer                  // the terminal of the live table; nil for none
	Size         func() (columns, rows int) // of that terminal, now; nil with no table
	Out          io.Writer                  // progress and links
	Log          *slog.Logger
}

// Demo is one run.
type Demo struct {
	opts    Options
	server  *serve.Server
	viewers []*viewer
	began   time.Time       // the first join
	over    <-chan struct{} // closed when the user has seen enough
	series  series

	mu    sync.Mutex
	lines []string // what stands below the table
}

// viewer is one of the audience.
type viewer struct {
	name   string
	viewer *watch.Viewer
}

// Run shows the demo until ctx ends or its time is over, and returns when everything that it started has ended, with
// what was measured: nodes are measured before they end, so ctx itself ends none of them. When ctx ends before
// there was anything to measure, the error is context.Canceled.
func Run(ctx context.Context, opts Options) (*Result, error) {
	d := &Demo{opts: opts, over: ctx.Done()}
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, err
	}
	d.opts.Dir = dir
	media, err := d.startMediaMTX(ctx)
	if err != nil {
		return nil, err
	}
	defer media.Stop()
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var result *Result
	err = wire.Together(ctx,
		func(ctx context.Context) error { return d.publish(ctx, media) },
		func(ctx context.Context) error {
			defer cancel()
			var err error
			result, err = d.show(ctx, media)
			return err
		},
	)
	if err == nil && result == nil {
		err = context.Canceled
	}
	return result, err
}

func (d *Demo) startMediaMTX(ctx context.Context) (*tool.Server, error) {
	folder := filepath.Join(d.opts.Dir, "mediamtx")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	return tool.Start(ctx, tool.Options{Dir: folder, Progress: d.opts.Out})
}

// publish keeps the clip coming.
func (d *Demo) publish(ctx context.Context, media *tool.Server) error {
	for ctx.Err() == nil {
		err := clip.Publish(ctx, media.RTSPURL(streamName), clip.Options{Name: d.opts.Clip})
		if err == nil || ctx.Err() != nil {
			return nil
		}
		d.opts.Log.Warn("clip", "error", err)
		pause := time.NewTimer(time.Second)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
	return nil
}

// serverConfig is that of `shoal serve`, on free ports of the loopback.
func (d *Demo) serverConfig(media *tool.Server) config.Config {
	c := config.Default()
	c.DataDir = filepath.Join(d.opts.Dir, "source")
	c.MediaMTX.API = media.APIURL()
	c.MediaMTX.Poll = 250 * time.Millisecond
	c.Rendezvous.Listen = "127.0.0.1:0"
	c.Rendezvous.STUN = []string{"127.0.0.1:0", "127.0.0.1:0"}
	c.Bus.Listen = "127.0.0.1:0"
	c.Control.Listen = "127.0.0.1:0"
	c.Transport.Name, c.Transport.Path, c.Transport.Listen = d.opts.Transport.Name, d.opts.Transport.Path, "127.0.0.1:0"
	c.Transport.Params = impaired(d.opts.Impair)
	c.Policy.Name, c.Policy.Path = d.opts.Policy.Name, d.opts.Policy.Path
	c.Uplink = d.opts.Uplink
	return c
}

// impaired is the parameters of a transport with a bad network.
func impaired(impairment string) map[string]string {
	if impairment == "" {
		return nil
	}
	return map[string]string{"impair": impairment}
}

// show runs the source and its audience.
func (d *Demo) show(ctx context.Context, media *tool.Server) (*Result, error) {
	live := make(chan string, 1)
	server, err := serve.Open(ctx, serve.Options{
		Config: d.serverConfig(media), Version: "demo", Command: d.opts.Command, Log: d.opts.Log,
		Announce: func(_, url string) {
			select {
			case live <- url:
			default:
			}
		},
	})
	if err != nil {
		return nil, err
	}
	d.server = server
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var result *Result
	err = wire.Together(ctx, server.Run, func(ctx context.Context) error {
		defer cancel()
		select {
		case <-ctx.Done():
			return nil
		case <-d.over:
			return nil
		case url := <-live:
			var err error
			result, err = d.audience(ctx, url)
			return err
		case <-time.After(20 * time.Second):
			return errors.New("demo: the stream is not live after 20 s: " + d.reason())
		}
	})
	return result, err
}

// reason says why the stream is not live.
func (d *Demo) reason() string {
	for _, s := range d.server.Streams() {
		return s.Name + ": " + s.Reason
	}
	return "MediaMTX lists no path"
}

// audience lets the viewers join, and measures them.
func (d *Demo) audience(ctx context.Context, url string) (*Result, error) {
	d.say("page     %s", url)
	d.say("control  %s/v3/streams/list", d.server.ControlURL())
	d.say("metrics  %s/metrics", d.server.ControlURL())
	if d.opts.ViewerImpair != "" {
		d.say("network  %s, on purpose", d.opts.ViewerImpair)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	d.began = time.Now()
	if d.opts.Table == nil {
		d.flush()
	}
	var group sync.WaitGroup
	defer group.Wait()
	defer cancel()
	failures := make(chan error, d.opts.Viewers)
	between := d.opts.Join / time.Duration(max(d.opts.Viewers, 1))
	group.Go(func() {
		tick := time.NewTicker(max(between, time.Millisecond))
		defer tick.Stop()
		for i := range d.opts.Viewers {
			if err := d.join(ctx, &group, i, url, failures); err != nil {
				failures <- err
				return
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	if err := d.watch(ctx, failures); err != nil {
		return nil, err
	}
	return d.measure()
}

// join starts one viewer.
func (d *Demo) join(ctx context.Context, group *sync.WaitGroup, i int, url string, failures chan<- error) error {
	o := watch.Options{
		URL: url, Listen: "127.0.0.1:0", Transport: d.opts.Transport, Policy: d.opts.Policy, Isolation: config.Inline,
		Command: d.opts.Command, Log: d.opts.Log.With("viewer", i+1),
	}
	o.Transport.Params = impaired(d.opts.ViewerImpair)
	name := fmt.Sprintf("%d", i+1)
	if i < d.opts.Process {
		o.Isolation, name = config.Process, name+" (processes)"
	}
	if i == 0 {
		o.HLS, o.RTSP = "127.0.0.1:0", "127.0.0.1:0"
		o.Ready = func(output string, urls []string) {
			for _, u := range urls {
				d.say("play     %s", u)
			}
		}
	}
	v, err := watch.Open(ctx, o)
	if err != nil {
		return fmt.Errorf("viewer %s: %w", name, err)
	}
	d.mu.Lock()
	d.viewers = append(d.viewers, &viewer{name: name, viewer: v})
	d.mu.Unlock()
	group.Go(func() {
		if err := v.Run(ctx); err != nil && ctx.Err() == nil {
			failures <- fmt.Errorf("viewer %s: %w", name, err)
		}
	})
	return nil
}

// say adds a line below the table, once.
func (d *Demo) say(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	line := fmt.Sprintf(format, args...)
	for _, l := range d.lines {
		if l == line {
			return
		}
	}
	d.lines = append(d.lines, line)
	if d.opts.Table == nil && !d.began.IsZero() {
		fmt.Fprintln(d.opts.Out, line)
	}
}

// flush prints what was said before there was anybody to read it.
func (d *Demo) flush() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, l := range d.lines {
		fmt.Fprintln(d.opts.Out, l)
	}
}
