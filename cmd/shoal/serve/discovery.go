package serve

import (
	"context"
	"errors"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/wire"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/bridge"
)

// discover follows the media server's paths until ctx ends, and begins anew when the config names another server.
func (s *Server) discover(ctx context.Context) error {
	for first := true; ctx.Err() == nil; first = false {
		looking, stop := context.WithCancel(ctx)
		err := wire.Together(looking, s.discoverOne, func(ctx context.Context) error {
			select {
			case <-s.rediscover:
				stop()
			case <-ctx.Done():
			}
			return nil
		})
		stop()
		if err != nil && first {
			return err
		}
		if err != nil { // nothing that plays ends for it
			s.log.Error("discovery ended", "error", err)
			select { // for the config to be mended
			case <-s.rediscover:
			case <-ctx.Done():
			}
		}
	}
	return nil
}

// discoverOne follows one server. When there is none to follow, it returns nil at once.
func (s *Server) discoverOne(ctx context.Context) error {
	cfg := s.config.Load()
	if cfg.MediaMTX.API == "" {
		s.discovered(nil)
		return nil
	}
	in := cfg.Resolve("ingest", cfg.Ingest)
	err := s.set.Discover(ctx, in, ingestConfig(cfg, in, "", 0), func(f ingest.Found) {
		s.mu.Lock()
		changed := (s.source == nil) != (f.Err == nil) || s.source != nil && s.source.Error() != f.Err.Error()
		s.source = f.Err
		s.mu.Unlock()
		if changed && f.Err != nil {
			s.log.Error("media server", "error", f.Err)
		} else if changed {
			s.log.Info("media server answers again", "api", cfg.MediaMTX.API)
		}
		if f.Err == nil {
			s.discovered(f.Sources)
		}
	})
	if errors.Is(err, bridge.ErrNotOffered) && len(cfg.Sources()) > 0 {
		s.log.Info("only the streams of the config are published", "ingest", in.Name, "reason", err)
		s.discovered(nil)
		return nil
	}
	return err
}

// discovered takes what the media server lists.
func (s *Server) discovered(list []ingest.Source) {
	s.mu.Lock()
	s.found = list
	s.mu.Unlock()
	nudge(s.look)
}

// nudge makes who waits at c look, or look once more.
func nudge(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// sources are those that the media server lists, and those that the config names; of one name, the latter.
func (s *Server) sources(cfg *config.Config) []ingest.Source {
	var list []ingest.Source
	named := make(map[string]bool)
	for _, name := range cfg.Sources() {
		named[name] = true
		list = append(list, ingest.Source{Name: name, URL: cfg.Streams[name].Source, Access: ingest.Public})
	}
	for _, src := range s.found {
		if !named[src.Name] {
			list = append(list, src)
		}
	}
	return list
}

// ingestConfig is what the ingest of a source is given; url "" is for discovery. Where and how the media server is reached
// is for the ingest that reads it.
func ingestConfig(cfg *config.Config, in config.Plugin, url string, span time.Duration) ingest.Config {
	params := make(map[string]string)
	if in.Name == "mediamtx" {
		m := &cfg.MediaMTX
		for key, value := range map[string]string{"api": m.API, "poll": m.Poll.String(), "rtsp": m.RTSP, "user": m.User, "pass": m.Pass} {
			if value != "" {
				params[key] = value
			}
		}
	}
	for key, value := range in.Params {
		params[key] = value
	}
	return ingest.Config{Source: url, Span: span, Params: params}
}
