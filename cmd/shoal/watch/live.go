package watch

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/swarm"
)

// Live says where the options come from, so that they can change while everything plays: transport, policy, outputs, uplink
// and log level do.
type Live struct {
	File  string                  // looked at whenever it changes; "" for none
	Read  func() (Options, error) // the options as they are now; nil for no File
	Level *slog.LevelVar          // of the log; nil where it does not change
}

// wayFile is how changes come.
const wayFile = "file"

// wanted is what of the options may change while a viewer plays, with nothing left open.
type wanted struct {
	transport config.Plugin
	policy    config.Plugin
	chosen    bool // the policy is the viewer's own choice, whatever the stream asks for
	outputs   config.Outputs
	uplink    config.Rate
	level     string
}

// wanted fills what the options leave open.
func (o *Options) wanted() wanted {
	fill := func(p config.Plugin, name string) config.Plugin {
		if p.Name == "" && p.Path == "" {
			p.Name = name
		}
		p.Isolation = cmp.Or(p.Isolation, o.Isolation)
		return p
	}
	w := wanted{
		transport: fill(o.Transport, "quic"), policy: fill(o.Policy, "substream"), chosen: o.Policy.Name != "" || o.Policy.Path != "",
		outputs: make(config.Outputs), uplink: o.Uplink, level: o.LogLevel,
	}
	w.transport.Listen = cmp.Or(w.transport.Listen, o.Listen, ":0")
	for name, listen := range map[string]string{"hls": o.HLS, "rtsp": o.RTSP, "publish": o.Publish, "pipe": o.Pipe} { // order-free: a map
		if listen != "" {
			w.outputs[name] = fill(config.Plugin{Listen: listen}, name)
		}
	}
	for name, p := range o.Egress { // order-free: a map
		w.outputs[name] = fill(p, name)
	}
	return w
}

// suits tells whether somebody with that role can have it. Errors: names the key.
func (w *wanted) suits(role swarm.Role) error {
	if role != swarm.Helper || len(w.outputs) == 0 {
		return nil
	}
	first := slices.Sorted(maps.Keys(w.outputs))[0]
	return fmt.Errorf("egress.%s: a helper plays nothing: leave it out, or run shoal watch, which relays as well", first)
}

// uses are the plugins, by their keys.
func (w *wanted) uses() []config.Use {
	list := []config.Use{{Key: "transport", Kind: "transport", Plugin: w.transport}, {Key: "policy", Kind: "policy", Plugin: w.policy}}
	for _, name := range slices.Sorted(maps.Keys(w.outputs)) {
		list = append(list, config.Use{Key: "egress." + name, Kind: "egress", Plugin: w.outputs[name]})
	}
	return list
}

// changes are what differs, for people.
func (w *wanted) changes(to *wanted) []string {
	var list []string
	add := func(key string, from, to any) {
		if !reflect.DeepEqual(from, to) {
			list = append(list, fmt.Sprintf("%s: %s -> %s", key, show(from), show(to)))
		}
	}
	add("logLevel", w.level, to.level)
	add("uplink", w.uplink, to.uplink)
	add("transport", w.transport, to.transport)
	add("policy", w.policy, to.policy)
	names := make(map[string]bool)
	for _, o := range []config.Outputs{w.outputs, to.outputs} {
		for name := range o { // order-free: sorted below
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		add("egress."+name, w.outputs[name], to.outputs[name])
	}
	return list
}

func show(v any) string {
	p, ok := v.(config.Plugin)
	switch {
	case !ok:
		return fmt.Sprint(v)
	case p.Name == "":
		return "none"
	}
	text := p.Name
	for _, key := range slices.Sorted(maps.Keys(p.Params)) {
		text += " " + key + "=" + p.Params[key]
	}
	if p.Listen != "" {
		text += " at " + p.Listen
	}
	return text
}

// follow takes up what changes, until ctx ends.
func (v *Viewer) follow(ctx context.Context) error {
	if v.opts.Live.File == "" {
		return nil
	}
	if err := config.Follow(ctx, v.opts.Live.File, func() { v.reread(ctx) }); err != nil {
		v.opts.Log.Warn("the config file is not watched: start again after a change", "error", err)
	}
	return nil
}

// reread takes the options as they are now.
func (v *Viewer) reread(ctx context.Context) {
	next, err := v.opts.Live.Read()
	if err != nil {
		v.rejected(err)
		return
	}
	to := next.wanted()
	if err := to.suits(v.opts.Role); err != nil {
		v.rejected(err)
		return
	}
	v.mu.Lock()
	if !to.chosen {
		to.policy = v.asksFor(to.policy)
	}
	lines := v.wanted.changes(&to)
	v.wanted.chosen = to.chosen
	v.mu.Unlock()
	if len(lines) == 0 {
		return
	}
	if err := v.apply(ctx, &to); err != nil {
		if ctx.Err() == nil {
			v.rejected(err)
		}
		return
	}
	v.opts.Log.Info("config changed", "by", wayFile, "changes", strings.Join(lines, "; "))
	v.opts.Events(event.ConfigChanged{Way: wayFile, Changes: lines})
}

// rejected tells that a change was refused.
func (v *Viewer) rejected(err error) {
	v.opts.Log.Error("config refused, the one before stays", "by", wayFile, "error", err)
	v.opts.Events(event.ConfigRejected{Way: wayFile, Cause: err.Error()})
}

// apply tries what a change brings, and makes it take effect. Errors: nothing has changed then.
func (v *Viewer) apply(ctx context.Context, to *wanted) error {
	now := &v.wanted
	if err := v.set.Verify(to.uses()); err != nil {
		return err
	}
	if err := v.try(ctx, to); err != nil {
		return err
	}
	if !reflect.DeepEqual(now.transport, to.transport) {
		source, err := v.carrier(to.transport)
		if err == nil {
			err = v.node.SetTransport(ctx, now.transport.Name, source)
		}
		if err != nil {
			return fmt.Errorf("transport: %w", err)
		}
		now.transport = to.transport
	}
	if now.uplink != to.uplink {
		if err := v.node.SetUplink(to.uplink.Bytes()); err != nil {
			return fmt.Errorf("uplink: %w", err)
		}
	}
	if err := v.setPolicy(to.policy); err != nil {
		return fmt.Errorf("policy: %w", err)
	}
	if err := v.set.ChangeOutputs(v.node, now.outputs, v.outputs(to.outputs)); err != nil {
		return fmt.Errorf("egress: %w", err)
	}
	if l := v.opts.Live.Level; l != nil && to.level != "" {
		if err := l.UnmarshalText([]byte(to.level)); err != nil {
			return fmt.Errorf("logLevel: %w", err)
		}
	}
	now.outputs, now.uplink, now.level = to.outputs, to.uplink, to.level
	return nil
}

// try starts the policy and the egresses that a change brings, and ends them again. A transport is tried by going over to it.
func (v *Viewer) try(ctx context.Context, to *wanted) error {
	v.mu.Lock()
	same := reflect.DeepEqual(v.wanted.policy, to.policy)
	v.mu.Unlock()
	if !same {
		if err := v.set.TryPolicy(ctx, to.policy); err != nil {
			return fmt.Errorf("policy: %w", err)
		}
	}
	for name, p := range to.outputs { // order-free: each on its own
		if before, ok := v.wanted.outputs[name]; !ok || !reflect.DeepEqual(before, p) {
			if err := v.set.TryEgress(ctx, p, v.info.Name); err != nil {
				return fmt.Errorf("egress.%s: %w", name, err)
			}
		}
	}
	return nil
}

// setPolicy has another policy decide, unless it is the one that does.
func (v *Viewer) setPolicy(p config.Plugin) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if reflect.DeepEqual(v.wanted.policy, p) {
		return nil
	}
	source, err := v.set.Policy(p)
	if err == nil {
		err = v.node.SetPolicy(v.info.Name, source)
	}
	if err != nil {
		return err
	}
	v.wanted.policy, v.policy = p, source.Name
	return nil
}
