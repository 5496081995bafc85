package wire

import (
	"context"
	"fmt"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/host"
)

// Verify looks at the files of plugins that a config names, and starts none. Errors: name key, plugin, cause and remedy.
func (s *Set) Verify(uses []config.Use) error {
	for _, u := range uses {
		if u.Plugin.Path == "" && u.Plugin.SHA256 == "" {
			continue
		}
		kind, err := bridge.ParseKind(u.Kind)
		if err != nil {
			return err
		}
		if err := s.host.Verify(specOf(kind, u.Plugin)); err != nil {
			return fmt.Errorf("%w: %s: %w", config.ErrConfig, u.Key, err)
		}
	}
	return nil
}

// Start starts every executable that a config chooses once, and ends it again: what does not begin as a plugin of its
// kind is told before anything waits for it. It works within Around. Errors: name key, plugin, cause and remedy.
func (s *Set) Start(ctx context.Context, uses []config.Use) error {
	tried := make(map[string]bool)
	for _, u := range uses {
		id := u.Kind + " " + u.Plugin.Path
		if u.Plugin.Path == "" || tried[id] {
			continue
		}
		tried[id] = true
		if err := s.startOne(ctx, u); err != nil {
			return fmt.Errorf("%w: %s: %w", config.ErrConfig, u.Key, err)
		}
	}
	return nil
}

func (s *Set) startOne(ctx context.Context, u config.Use) error {
	kind, err := bridge.ParseKind(u.Kind)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, tryPatience)
	defer cancel()
	i, err := s.host.Inspect(ctx, specOf(kind, u.Plugin))
	if err != nil {
		return err
	}
	i.End()
	return nil
}

// TryPolicy starts a policy and ends it again. Errors: why it does not start.
func (s *Set) TryPolicy(ctx context.Context, c config.Plugin) error {
	source, err := s.Policy(c)
	if err != nil {
		return err
	}
	if source.Inline != nil {
		_, err := source.Inline()
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, tryPatience)
	defer cancel()
	h, err := source.Start(ctx)
	if err != nil {
		return err
	}
	h.Close()
	return nil
}

// TryIngest starts an ingest and ends it before it reads. Errors: why it does not start.
func (s *Set) TryIngest(ctx context.Context, c config.Plugin, ic ingest.Config) error {
	start, err := s.Ingest(c, ic)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, tryPatience)
	defer cancel()
	in, err := start(ctx)
	if err != nil {
		return err
	}
	cancel()
	return in.Run(ctx, nobody{}) // ends at once
}

// tryPatience is for a plugin to start that is only tried.
const tryPatience = 10 * time.Second

// nobody is the sink of an ingest that is only tried.
type nobody struct{}

func (nobody) Tracks(ingest.Media) error { return nil }
func (nobody) Group(chunk.Group) error   { return nil }

// TryEgress makes an egress that nothing runs: what it would write to stays as it is. Errors: why it is refused.
func (s *Set) TryEgress(ctx context.Context, p config.Plugin, stream string) error {
	spec, err := s.spec(bridge.KindEgress, p)
	if err != nil {
		return err
	}
	ec := egressConfig(p, stream)
	if spec.Isolation == host.Inline {
		_, err := s.host.Egress(ctx, spec, ec)
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, tryPatience)
	defer cancel()
	i, err := s.host.Inspect(ctx, spec)
	if err != nil {
		return err
	}
	defer i.End()
	return i.TryEgress(ctx, ec)
}
