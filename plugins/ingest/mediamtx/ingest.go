package mediamtx

import (
	"context"
	"maps"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp"
)

// Ingest reads one path. It implements [ingest.Ingest] and [ingest.Measurer].
type Ingest struct {
	cfg config

	mu   sync.Mutex
	read *rtsp.Ingest // once Run has found out where
}

// New reads cfg; nothing is opened yet. It is an [ingest.Factory].
func New(cfg ingest.Config) (ingest.Ingest, error) {
	c, err := parse(cfg)
	if err != nil {
		return nil, err
	}
	if err := check(&c, cfg.Source); err != nil {
		return nil, err
	}
	return &Ingest{cfg: c}, nil
}

// check lets package rtsp refuse what it does not like.
func check(c *config, source string) error {
	rest := c.rest
	rest.Source = source
	if !isURL(source) {
		rest.Source = at(&url.URL{Scheme: "rtsp", Host: "localhost"}, source)
	}
	_, err := rtsp.Open(rest, 0)
	return err
}

func isURL(source string) bool { return strings.Contains(source, "://") }

// Run implements [ingest.Ingest].
func (i *Ingest) Run(ctx context.Context, sink ingest.Sink) error {
	a := newAPI(&i.cfg)
	defer a.close()
	cfg := i.cfg.rest
	name := cfg.Source
	if isURL(name) {
		u, err := url.Parse(name)
		if err != nil {
			return err // New has refused it
		}
		name = strings.TrimPrefix(u.Path, "/")
	} else {
		s, err := a.server(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		root, err := s.root(&i.cfg)
		if err != nil {
			return err
		}
		cfg.Source = at(root, name)
	}
	bitrate := i.learn(ctx, a, name, &cfg)
	read, err := rtsp.Open(cfg, bitrate)
	if err != nil {
		return err
	}
	i.mu.Lock()
	i.read = read
	i.mu.Unlock()
	return read.Run(ctx, sink)
}

// learn asks the API what it knows of the path: how much it has received, and whose clock stamps it, which goes into
// cfg. Without an answer the reader measures the one, and takes MediaMTX's default for the other.
func (i *Ingest) learn(ctx context.Context, a *api, name string, cfg *ingest.Config) (bitrate uint64) {
	ctx, cancel := context.WithTimeout(ctx, 300*time.Millisecond)
	defer cancel()
	p, err := a.path(ctx, name)
	stamped := false
	if err == nil {
		bitrate = p.bitrate(time.Now())
		stamped, err = a.stamped(ctx, &p)
	}
	if err != nil {
		i.cfg.log.Debug("mediamtx: bitrate and timestamps of the path are not known yet", "path", name, "err", err)
	}
	if cfg.Params["align"] == "" && !stamped {
		cfg.Params = maps.Clone(cfg.Params)
		if cfg.Params == nil {
			cfg.Params = map[string]string{}
		}
		cfg.Params["align"] = "arrival"
	}
	return bitrate
}

// Measured implements [ingest.Measurer].
func (i *Ingest) Measured() []time.Duration {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.read == nil {
		return nil
	}
	return i.read.Measured()
}
