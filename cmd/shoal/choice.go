package main

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/builtin"
	"github.com/shoal-live/shoal/plugins/host"
)

// choice is the plugin that a flag names: one of the built-in ones or, with a slash, an executable, which runs as a
// process whatever else is inline.
func choice(env *environment, kind bridge.Kind, value string) (config.Plugin, error) {
	names := bridge.Names(builtin.Plugins(), kind)
	switch {
	case slices.Contains(names, value):
		return config.Plugin{Name: value}, nil
	case strings.ContainsAny(value, "/"+string(filepath.Separator)):
		return executable(env, kind, value)
	}
	return config.Plugin{}, fmt.Errorf("no built-in %s %q (have: %s); an executable needs a slash: ./%s",
		kind, value, strings.Join(names, ", "), value)
}

// executable starts a file once, so that what is wrong with it is said before anything waits for it.
func executable(env *environment, kind bridge.Kind, value string) (config.Plugin, error) {
	path, err := filepath.Abs(value) // plugin processes have folders of their own
	if err != nil {
		return config.Plugin{}, err
	}
	h, stop, err := inspectionHost(env)
	if err != nil {
		return config.Plugin{}, err
	}
	defer stop()
	ctx, cancel := context.WithTimeout(env.ctx, inspectTime)
	defer cancel()
	i, err := h.Inspect(ctx, host.Spec{Path: path})
	if err != nil {
		return config.Plugin{}, err
	}
	defer i.End()
	offer, err := i.About.Find(kind, "")
	if err != nil {
		return config.Plugin{}, fmt.Errorf("%s: %w", path, err)
	}
	return config.Plugin{Name: offer.Name, Path: path, Isolation: config.Process}, nil
}
