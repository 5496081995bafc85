package main

import (
	"fmt"
	"strings"

	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/builtin"
	"github.com/shoal-live/shoal/plugins/sdk"
)

type pluginCommand struct {
	List  pluginList  `cmd:"" help:"List the built-in plugins."`
	Serve pluginServe `cmd:"" hidden:"" help:"Serve a built-in plugin to the process that started this one."`
}

type pluginList struct{}

// Run lists the catalogue.
func (pluginList) Run(env *environment) error {
	for _, p := range builtin.Plugins() {
		if _, err := fmt.Fprintf(env.stdout, "%-10s %s\n", p.Kind, p.Name); err != nil {
			return err
		}
	}
	return nil
}

type pluginServe struct {
	Which string `arg:"" name:"kind/name"`
}

// Run serves until the host ends this process.
func (c pluginServe) Run(*environment) error {
	kindText, name, _ := strings.Cut(c.Which, "/")
	kind, err := bridge.ParseKind(kindText)
	if err != nil {
		return err
	}
	p, ok := bridge.Find(builtin.Plugins(), kind, name)
	if !ok {
		return fmt.Errorf("no %s %q (have: %s)", kind, name, strings.Join(bridge.Names(builtin.Plugins(), kind), ", "))
	}
	return sdk.Serve(p)
}
