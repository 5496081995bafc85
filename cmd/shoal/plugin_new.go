package main

import (
	"fmt"

	"github.com/shoal-live/shoal/cmd/shoal/scaffold"
	"github.com/shoal-live/shoal/plugins/bridge"
)

type pluginNew struct {
	Kind   string `arg:"" help:"transport, policy, ingest or egress."`
	Name   string `arg:"" help:"Of the plugin; the folder ./NAME is made."`
	Module string `help:"A checkout of Shoal's module, which is not published yet; otherwise one is looked for upward." placeholder:"DIR"`
}

// Run writes the folder, and says what to do with it.
func (c pluginNew) Run(env *environment) error {
	kind, err := bridge.ParseKind(c.Kind)
	if err != nil {
		return fmt.Errorf("plugin new: %w", err)
	}
	if _, err := scaffold.Write(scaffold.Options{Kind: kind, Name: c.Name, Module: c.Module}); err != nil {
		return fmt.Errorf("plugin new: %w", err)
	}
	_, err = fmt.Fprintf(env.stdout, "wrote ./%[1]s. Next:\n\n  cd %[1]s && go build\n  shoal plugin test ./%[1]s\n\nREADME.md says the rest.\n", c.Name)
	return err
}
