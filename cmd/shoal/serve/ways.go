package serve

import (
	"context"
	"fmt"

	"github.com/shoal-live/shoal/api/control"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
)

var _ control.Settings = (*Server)(nil)

// name is what the bus calls this node.
func (s *Server) name() string { return fmt.Sprintf("%x", wire.Public(s.identity)) }

// Config is what is in effect.
func (s *Server) Config() map[string]any { return config.Map(s.config.Load()) }

// Overlay is what counts over the file.
func (s *Server) Overlay() []byte {
	s.settings.mu.Lock()
	defer s.settings.mu.Unlock()
	return s.settings.overlay.Bytes()
}

// Patch puts a patch over what counts already.
func (s *Server) Patch(ctx context.Context, patch []byte) ([]string, error) {
	s.settings.mu.Lock()
	defer s.settings.mu.Unlock()
	o, err := config.ParseOverlay(wayAPI, patch)
	if err != nil {
		return nil, s.rejected(wayAPI, err)
	}
	// Who asked may hang up; a change goes on to its end.
	changes, err := s.change(context.WithoutCancel(ctx), wayAPI, s.settings.base, s.settings.overlay.Merge(o))
	s.save(ctx)
	return changes, err
}

// save has the bus hold the overlay. While it is away, followBus tries again. The lock is held.
func (s *Server) save(ctx context.Context) {
	if !s.settings.unsaved {
		return
	}
	if err := s.bus.PutSettings(ctx, s.name(), s.settings.overlay.Bytes()); err != nil {
		s.log.Warn("config is not on the bus yet: it would be lost at a restart", "error", err)
		return
	}
	s.settings.unsaved = false
}

// followBus takes what the bus has for this node, until ctx ends.
func (s *Server) followBus(ctx context.Context) error {
	s.bus.FollowSettings(ctx, s.name(), func(value []byte) {
		set := &s.settings
		set.mu.Lock()
		defer set.mu.Unlock()
		if set.unsaved { // NATS was away: what has changed here meanwhile is newer
			s.save(ctx)
			return
		}
		if value == nil {
			value = []byte("{}")
		}
		overlay, err := config.ParseOverlay(wayBus, value)
		if err != nil {
			_ = s.rejected(wayBus, err) // told
			return
		}
		_, _ = s.change(ctx, wayBus, set.base, overlay) // told
	})
	return nil
}

// followFile reads the config file again whenever it changes, until ctx ends.
func (s *Server) followFile(ctx context.Context) error {
	if s.opts.Live.File == "" {
		return nil
	}
	if err := config.Follow(ctx, s.opts.Live.File, func() { s.reread(ctx) }); err != nil {
		s.log.Warn("the config file is not watched: restart after a change, or use the control API", "error", err)
	}
	return nil
}

// reread takes the file as it is now.
func (s *Server) reread(ctx context.Context) {
	set := &s.settings
	set.mu.Lock()
	defer set.mu.Unlock()
	base, err := s.opts.Live.Read()
	if err != nil {
		_ = s.rejected(wayFile, err) // told
		return
	}
	changed := config.Diff(&set.base, &base)
	if len(changed) == 0 {
		return
	}
	_, _ = s.change(ctx, wayFile, base, set.overlay.Without(changed)) // told
	s.save(ctx)
}
