package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/builtin"
	"github.com/shoal-live/shoal/plugins/host"
)

type pluginInfo struct {
	Which string            `arg:"" name:"path" help:"Executable, or KIND/NAME of a built-in."`
	Param map[string]string `help:"A parameter, where it wants one to begin with." placeholder:"KEY=VALUE" mapsep:"none"`
	JSON  bool              `name:"json" help:"As JSON."`
}

// pluginFacts is what a plugin says, and what there is to see of it.
type pluginFacts struct {
	Path     string        `json:"path"` // "" for a built-in
	SHA256   string        `json:"sha256"`
	Version  string        `json:"version"`
	Protocol int           `json:"protocol"`
	Offers   []pluginOffer `json:"offers"`
	ReadyMS  float64       `json:"readyMs"` // from exec to ready
}

type pluginOffer struct {
	Kind         string   `json:"kind"`
	Name         string   `json:"name"`
	Capabilities []string `json:"capabilities"`
	DataChannel  string   `json:"dataChannel"` // "yes", "no", or why it is not known
}

// inspectTime is how long a plugin may take to say all that is asked of it.
const inspectTime = 20 * time.Second

// Run starts the plugin as the host would, and prints what it says.
func (c pluginInfo) Run(env *environment) error {
	f, err := c.facts(env)
	if err != nil {
		return fmt.Errorf("plugin info: %w", err)
	}
	if c.JSON {
		return writeJSON(env.stdout, f)
	}
	return f.print(env.stdout)
}

func (c pluginInfo) facts(env *environment) (*pluginFacts, error) {
	spec, err := specOf(c.Which)
	if err != nil {
		return nil, err
	}
	f := &pluginFacts{Path: spec.Path, Protocol: bridge.Protocol}
	if f.SHA256, err = checksumOf(spec.Path); err != nil {
		return nil, err
	}
	h, stop, err := inspectionHost(env)
	if err != nil {
		return nil, err
	}
	defer stop()
	ctx, cancel := context.WithTimeout(env.ctx, inspectTime)
	defer cancel()
	i, err := h.Inspect(ctx, spec)
	if err != nil {
		return nil, err
	}
	defer i.End()
	f.Version, f.ReadyMS = i.About.Version, float64(i.Ready.Microseconds())/1000
	for _, o := range i.About.Offers {
		offer := pluginOffer{Kind: o.Kind.String(), Name: o.Name, Capabilities: o.Capabilities}
		switch uses, err := i.UsesDataChannel(ctx, o, c.Param); {
		case err != nil:
			offer.DataChannel = "not known: " + err.Error()
		case uses:
			offer.DataChannel = "yes"
		default:
			offer.DataChannel = "no"
		}
		f.Offers = append(f.Offers, offer)
	}
	return f, nil
}

// inspectionHost is a host for looking at plugins, and what ends it.
func inspectionHost(env *environment) (*host.Host, func(), error) {
	self, err := ownPlugins()
	if err != nil {
		return nil, nil, err
	}
	h, err := host.New(host.Config{
		Self: self, Builtin: builtin.Plugins(), Version: version(), Environ: env.environ, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { _ = h.Run(ctx) }) // its only error is nil
	return h, func() {
		cancel()
		group.Wait()
	}, nil
}

func (f *pluginFacts) print(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(what, format string, args ...any) {
		fmt.Fprintf(tw, "%s\t%s\n", what, fmt.Sprintf(format, args...))
	}
	for _, o := range f.Offers {
		row("offers", "%s/%s", o.Kind, o.Name)
		if len(o.Capabilities) > 0 {
			row("  capabilities", "%s", strings.Join(o.Capabilities, ", "))
		}
		row("  data channel", "%s", o.DataChannel)
	}
	said := f.Version
	if said == "" {
		said = "unknown"
	}
	row("version", "%s", said)
	row("protocol", "%d", f.Protocol)
	row("ready", "%.0f ms after exec", f.ReadyMS)
	if f.Path == "" {
		row("file", "built in")
	} else if info, err := os.Stat(f.Path); err == nil {
		row("file", "%s, %.1f MB", f.Path, float64(info.Size())/1e6)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\nTo run no other file, in shoal.yml:\n\n  sha256: %s\n", f.SHA256)
	return err
}
