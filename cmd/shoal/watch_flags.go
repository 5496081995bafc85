package main

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/watch"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/plugins/bridge"
)

// watchFlags are the flags of a watch, looked at once; a file that changes is read below them.
type watchFlags struct {
	watchCommand
	role              swarm.Role
	uplink            config.Rate
	transport, policy config.Plugin // without a name where there is no such flag
	outputs           config.Outputs
}

// flags looks at what does not change, and starts each executable once. Errors: name the flag.
func (c watchCommand) flags(env *environment) (*watchFlags, error) {
	f := &watchFlags{watchCommand: c, outputs: make(config.Outputs)}
	cfg, err := c.load()
	if err != nil {
		return nil, err
	}
	if f.uplink, err = parseRate("uplink", cmp.Or(c.Uplink, "0")); err != nil {
		return nil, err
	}
	if i := config.Isolation(c.Isolation); i != "" && i != config.Process && i != config.Inline {
		return nil, fmt.Errorf("--isolation: no %q (have: %s, %s)", i, config.Process, config.Inline)
	}
	for _, p := range []struct {
		flag, value string
		kind        bridge.Kind
		to          *config.Plugin
	}{{"transport", c.Transport, bridge.KindTransport, &f.transport}, {"policy", c.Policy, bridge.KindPolicy, &f.policy}} {
		if p.value == "" {
			continue
		}
		if *p.to, err = f.choose(env, &cfg, p.kind, p.value); err != nil {
			return nil, flagError(p.flag, err)
		}
	}
	for _, text := range c.Egress {
		if err := f.addEgress(env, &cfg, text); err != nil {
			return nil, flagError("egress", err)
		}
	}
	return f, nil
}

// choose is choice, with the plugins of the file beside the built-in ones.
func (f *watchFlags) choose(env *environment, cfg *config.Config, kind bridge.Kind, value string) (config.Plugin, error) {
	if in, ok := cfg.Plugins[value]; ok && in.Kind == kind.String() {
		return cfg.Resolve(in.Kind, config.Plugin{Name: value}), nil
	}
	return choice(env, kind, value)
}

// addEgress reads PATH|NAME[,KEY=VALUE...].
func (f *watchFlags) addEgress(env *environment, cfg *config.Config, text string) error {
	which, rest, more := strings.Cut(text, ",")
	p, err := f.choose(env, cfg, bridge.KindEgress, which)
	if err != nil {
		return err
	}
	for more {
		var pair string
		pair, rest, more = strings.Cut(rest, ",")
		key, value, ok := strings.Cut(pair, "=")
		switch {
		case !ok:
			return fmt.Errorf("%s: %q is no KEY=VALUE", which, pair)
		case key == "listen":
			p.Listen = value
		default:
			if p.Params == nil {
				p.Params = make(map[string]string)
			}
			p.Params[key] = value
		}
	}
	if _, twice := f.outputs[p.Name]; twice {
		return fmt.Errorf("two are called %q: give one another name under egress in a file (--config)", p.Name)
	}
	f.outputs[p.Name] = p
	return nil
}

// options are the flags over the file as it is now.
func (f *watchFlags) options() (watch.Options, error) {
	cfg, err := f.load()
	if err != nil {
		return watch.Options{}, err
	}
	o := watch.Options{
		URL: f.URL, Role: f.role, Publish: f.Publish, Uplink: cfg.Uplink, Listen: f.Listen, Transport: cfg.Resolve("transport", cfg.Transport),
		Isolation: config.Isolation(cmp.Or(f.Isolation, string(config.Process))), LogLevel: cmp.Or(f.LogLevel, cfg.LogLevel),
		Egress: cfg.For("").Egress,
	}
	if f.Uplink != "" {
		o.Uplink = f.uplink
	}
	if f.transport.Name != "" {
		o.Transport = f.transport
	} else if f.Isolation != "" {
		o.Transport = f.isolated(o.Transport)
	}
	switch {
	case f.policy.Name != "":
		o.Policy = f.policy
	case cfg.Policy.Name != "":
		o.Policy = f.isolated(cfg.Resolve("policy", cfg.Policy))
	}
	if f.role == swarm.Viewer { // a helper has none, and is not asked for any
		f.addOutputs(&o)
	}
	return o, nil
}

// addOutputs adds those of the flags.
func (f *watchFlags) addOutputs(o *watch.Options) {
	if len(o.Egress) == 0 && !f.Pipe {
		o.HLS, o.RTSP = "127.0.0.1:9888", "127.0.0.1:9554"
	}
	all := make(config.Outputs)
	for name, p := range o.Egress { // order-free: a map
		all[name] = f.isolated(p)
	}
	for name, p := range f.outputs { // order-free: a map
		all[name] = p
	}
	for _, flag := range []struct {
		name  string
		value *string
		short *string
	}{{"hls", f.HLS, &o.HLS}, {"rtsp", f.RTSP, &o.RTSP}} {
		if flag.value != nil {
			delete(all, flag.name)
			*flag.short = *flag.value
		}
	}
	if f.Pipe { // the player is at the other end
		delete(all, "pipe")
		o.Pipe = "-"
	}
	o.Egress = all
}

// isolated is p where the flag says that built-in plugins run.
func (f *watchFlags) isolated(p config.Plugin) config.Plugin {
	if f.Isolation != "" && p.Path == "" {
		p.Isolation = config.Isolation(f.Isolation)
	}
	return p
}
