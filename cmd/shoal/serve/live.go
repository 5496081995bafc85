package serve

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
	"github.com/shoal-live/shoal/core/event"
)

// Live says where the configuration comes from, so that it can change while everything plays.
type Live struct {
	File  string                        // looked at whenever it changes; "" for none
	Read  func() (config.Config, error) // the file and what else stands below the overlay; nil for what Open was given
	Level *slog.LevelVar                // of the log; nil where it does not change
}

// The ways by which a change comes. The last one counts, whichever way it came: what changes in the file leaves the
// overlay, and an overlay counts over the file.
const (
	wayFile = "file"
	wayAPI  = "control API"
	wayBus  = "bus"
)

// settings are what the configuration in effect was made of.
type settings struct {
	mu      sync.Mutex     // one change at a time
	base    config.Config  // file and environment
	overlay config.Overlay // over them
	asked   config.Config  // both together; what waits for the next start is in it
	unsaved bool           // the bus does not hold the overlay yet
}

// recall takes up what counted over the file when the process ended, where the bus still holds it.
func (s *Server) recall(ctx context.Context) {
	set := &s.settings
	set.base, set.asked = s.opts.Config, s.opts.Config
	first := set.base // what is in effect is never written to
	s.config.Store(&first)
	value, err := s.bus.Settings(ctx, s.name())
	if err != nil {
		s.log.Debug("config on the bus", "error", err)
		return
	}
	overlay, err := config.ParseOverlay(wayBus, value)
	if value == nil || err != nil {
		return // followBus tells
	}
	c, err := s.compose(wayBus, set.base, overlay)
	if err != nil {
		return
	}
	for _, change := range config.Diff(&set.base, &c) {
		s.log.Info("changed since the config file", "change", change.String())
	}
	set.overlay, set.asked = overlay, c
	s.config.Store(&c)
}

// compose puts an overlay over a base, and looks whether the whole is right.
func (s *Server) compose(way string, base config.Config, overlay config.Overlay) (config.Config, error) {
	c := base
	if err := overlay.Apply(way, &c); err != nil {
		return c, err
	}
	if err := c.Validate(wire.Known()); err != nil {
		return c, err
	}
	return c, c.CheckFiles(way, &base)
}

// change makes another configuration take effect, or tells why not; then everything is as before. The lock is held.
func (s *Server) change(ctx context.Context, way string, base config.Config, overlay config.Overlay) ([]string, error) {
	set := &s.settings
	c, err := s.compose(way, base, overlay)
	if err != nil {
		return nil, s.rejected(way, err)
	}
	var lines []string
	for _, change := range config.Diff(&set.asked, &c) {
		lines = append(lines, change.String())
	}
	if len(lines) > 0 {
		now := s.config.Load()
		next := c
		next.KeepUntilRestart(now)
		if err := s.apply(ctx, now, &next); err != nil {
			return nil, s.rejected(way, err)
		}
	}
	if !reflect.DeepEqual(set.overlay, overlay) && len(set.overlay)+len(overlay) > 0 {
		set.unsaved = way != wayBus
	}
	set.base, set.overlay, set.asked = base, overlay, c
	if len(lines) == 0 {
		return nil, nil
	}
	s.log.Info("config changed", "by", way, "changes", strings.Join(lines, "; "))
	s.event(event.ConfigChanged{Way: way, Changes: lines})
	return lines, nil
}

// rejected tells that a change was refused.
func (s *Server) rejected(way string, err error) error {
	s.log.Error("config refused, the one before stays", "by", way, "error", err)
	s.event(event.ConfigRejected{Way: way, Cause: err.Error()})
	return err
}

// apply tries what a change brings, and makes it take effect. Errors: nothing has changed then.
func (s *Server) apply(ctx context.Context, now, next *config.Config) error {
	if err := s.try(ctx, now, next); err != nil {
		return err
	}
	if was, is := now.Resolve("transport", now.Transport), next.Resolve("transport", next.Transport); !reflect.DeepEqual(was, is) {
		source, err := s.set.Transport(is, s.identity)
		if err == nil {
			err = s.node.SetTransport(ctx, was.Name, source)
		}
		if err != nil {
			return fmt.Errorf("transport: %w", err)
		}
	}
	if now.Uplink != next.Uplink {
		if err := s.node.SetUplink(next.Uplink.Bytes()); err != nil {
			return fmt.Errorf("uplink: %w", err)
		}
	}
	if s.opts.Live.Level != nil {
		if err := s.opts.Live.Level.UnmarshalText([]byte(next.LogLevel)); err != nil {
			return fmt.Errorf("logLevel: %w", err)
		}
	}
	s.config.Store(next)
	if now.MediaMTX != next.MediaMTX || !reflect.DeepEqual(now.Resolve("ingest", now.Ingest), next.Resolve("ingest", next.Ingest)) {
		nudge(s.rediscover)
	}
	nudge(s.look)
	return nil
}

// try starts the plugins that a change brings, and ends them again: what does not start changes nothing. A transport is
// tried by going over to it.
func (s *Server) try(ctx context.Context, now, next *config.Config) error {
	if err := s.set.Verify(named(next)); err != nil {
		return err
	}
	running := map[string]publication{"": {stream: now.For("")}} // and what streams to come get
	s.mu.Lock()
	for name, p := range s.streams { // order-free: a copy
		running[name] = *p
	}
	s.mu.Unlock()
	tried := make(map[string]bool)
	for name, p := range running { // order-free: each on its own
		was, want := p.stream, next.For(name)
		if key := fmt.Sprint("policy", *want.Policy); !reflect.DeepEqual(was.Policy, want.Policy) && !tried[key] {
			tried[key] = true
			if err := s.set.TryPolicy(ctx, *want.Policy); err != nil {
				return fmt.Errorf("policy: %w", err)
			}
		}
		if t := want.ABTest; t != nil && !reflect.DeepEqual(was.ABTest, t) {
			if err := s.set.TryPolicy(ctx, config.Plugin{Name: t.Policy.Name, Params: t.Policy.Params, Isolation: config.Inline}); err != nil {
				return fmt.Errorf("abTest: %w", err)
			}
		}
		if key := fmt.Sprint("ingest", *want.Ingest); name != "" && !reflect.DeepEqual(was.Ingest, want.Ingest) && !tried[key] {
			tried[key] = true
			ic := ingestConfig(next, *want.Ingest, cmp.Or(want.Source, p.source.URL), want.Group)
			if err := s.set.TryIngest(ctx, *want.Ingest, ic); err != nil {
				return fmt.Errorf("ingest: %w", err)
			}
		}
		if err := s.tryOutputs(ctx, name, was.Egress, want.Egress); err != nil {
			return err
		}
	}
	return nil
}

// named are all plugins that a config names: one that nothing uses yet may be chosen while everything plays.
func named(c *config.Config) []config.Use { return append(c.Installed(), c.Uses()...) }

// tryOutputs tries the egresses that a change brings to a stream.
func (s *Server) tryOutputs(ctx context.Context, stream string, was, want config.Outputs) error {
	for name, p := range want { // order-free: each on its own
		if before, ok := was[name]; ok && reflect.DeepEqual(before, p) {
			continue
		}
		if err := s.set.TryEgress(ctx, p, cmp.Or(stream, "trial")); err != nil {
			return fmt.Errorf("egress.%s: %w", name, err)
		}
	}
	return nil
}
