package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"text/tabwriter"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/builtin"
	"github.com/shoal-live/shoal/plugins/host"
)

type pluginList struct {
	Config string `help:"Config file that names the installed ones; shoal.yml of this folder when it is there." placeholder:"FILE"`
	JSON   bool   `name:"json" help:"As JSON, checksums in full."`
}

// listedPlugin is one line.
type listedPlugin struct {
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	Path      string `json:"path"` // "" for a built-in
	Key       string `json:"key"`  // of the config that names it; "" for a built-in that it does not name
	Version   string `json:"version"`
	Protocol  int    `json:"protocol"` // 0 when it could not be started
	SHA256    string `json:"sha256"`
	Isolation string `json:"isolation"`
	State     string `json:"state"`
	Error     string `json:"error,omitempty"` // why it cannot be started, or of its last death
}

// Run lists what there is.
func (c pluginList) Run(env *environment) error {
	cfg, err := c.load(env)
	if err != nil {
		return err
	}
	list, err := listPlugins(env, &cfg)
	if err != nil {
		return fmt.Errorf("plugin list: %w", err)
	}
	if c.JSON {
		return writeJSON(env.stdout, list)
	}
	return printPlugins(env.stdout, list)
}

func (c pluginList) load(env *environment) (config.Config, error) {
	path := c.Config
	if path == "" {
		if _, err := os.Stat("shoal.yml"); err == nil {
			path = "shoal.yml"
		} else if !errors.Is(err, fs.ErrNotExist) {
			return config.Config{}, err
		}
	}
	return config.Load(path, env.environ, wire.Known())
}

func listPlugins(env *environment, cfg *config.Config) ([]listedPlugin, error) {
	own, err := checksumOf("")
	if err != nil {
		return nil, err
	}
	var list []listedPlugin
	for _, p := range builtin.Plugins() {
		list = append(list, listedPlugin{
			Kind: p.Kind.String(), Name: p.Name, Version: version(), Protocol: bridge.Protocol, SHA256: own,
			Isolation: string(config.Process),
		})
	}
	h, stop, err := inspectionHost(env)
	if err != nil {
		return nil, err
	}
	defer stop()
	seen := make(map[string]bool)
	for _, u := range append(cfg.Uses(), cfg.Installed()...) {
		if u.Plugin.Path != "" {
			if id := u.Kind + "/" + u.Plugin.Name; !seen[id] {
				seen[id] = true
				list = append(list, installed(env.ctx, h, u))
			}
			continue
		}
		for i := range list {
			if p := &list[i]; p.Path == "" && p.Kind == u.Kind && p.Name == u.Plugin.Name && p.Key == "" {
				p.Key, p.Isolation = u.Key, string(u.Plugin.Isolation)
			}
		}
	}
	states := askStates(env.ctx, cfg.Control.Listen)
	for i := range list {
		states.fill(&list[i])
	}
	return list, nil
}

// installed is a plugin of the config, as it says when it is started.
func installed(ctx context.Context, h *host.Host, u config.Use) listedPlugin {
	p := listedPlugin{Kind: u.Kind, Name: u.Plugin.Name, Path: u.Plugin.Path, Key: u.Key, Isolation: string(config.Process)}
	var err error
	if p.SHA256, err = checksumOf(p.Path); err != nil {
		p.Error = err.Error()
		return p
	}
	spec := host.Spec{Name: p.Name, Path: p.Path, SHA256: u.Plugin.SHA256, Args: u.Plugin.Args, Env: u.Plugin.Env}
	if spec.Kind, err = bridge.ParseKind(u.Kind); err != nil {
		p.Error = err.Error()
		return p
	}
	ctx, stop := context.WithTimeout(ctx, inspectTime)
	defer stop()
	i, err := h.Inspect(ctx, spec)
	if err != nil {
		p.Error = err.Error()
		return p
	}
	defer i.End()
	p.Version, p.Protocol = i.About.Version, bridge.Protocol
	return p
}

// shortSum is how many digits of a checksum the table shows.
const shortSum = 12

func printPlugins(w io.Writer, list []listedPlugin) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "KIND\tNAME\tVERSION\tPROTOCOL\tSHA256\tISOLATION\tSTATE\tFROM")
	for _, p := range list {
		from, protocol := "built in", "-"
		if p.Path != "" {
			from = p.Path
		}
		if p.Protocol > 0 {
			protocol = fmt.Sprint(p.Protocol)
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Kind, p.Name, orDash(p.Version), protocol,
			orDash(p.SHA256[:min(len(p.SHA256), shortSum)]), p.Isolation, p.State, from)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	for _, p := range list {
		if p.Error != "" {
			fmt.Fprintf(w, "\n%s/%s: %s\n", p.Kind, p.Name, p.Error)
		}
	}
	return nil
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
