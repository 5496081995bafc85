package file

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
)

// Keys are the parameters that New knows.
func Keys() []string { return []string{"loop", "unsupportedTracks"} }

// loop says what comes after the end.
type loop uint8

const (
	forever loop = iota
	once
)

// unsupported says what to do with a track that cannot be carried.
type unsupported uint8

const (
	refuse unsupported = iota
	drop
)

// config is an ingest.Config, read.
type config struct {
	path        string
	span        time.Duration
	loop        loop
	unsupported unsupported
	log         *slog.Logger
}

// parse reads c. Its errors wrap ingest.ErrConfig and name the parameter.
func parse(c ingest.Config) (config, error) {
	out := config{path: c.Source, span: c.Span, log: c.Log}
	if out.log == nil {
		out.log = slog.New(slog.DiscardHandler)
	}
	if c.Span != 0 && (c.Span < 10*time.Millisecond || c.Span > time.Second) {
		return config{}, fmt.Errorf("file: %w: span: %v is not in 10ms..1s", ingest.ErrConfig, c.Span)
	}
	if !filepath.IsAbs(c.Source) { // a plugin's process has a working directory of its own
		return config{}, fmt.Errorf("file: %w: source: %q is no absolute path of an MP4 file, as /srv/media/clip.mp4", ingest.ErrConfig, c.Source)
	}
	for key, value := range c.Params { // order-free: each key is read alone; of several errors any one will do
		if !slices.Contains(Keys(), key) {
			return config{}, fmt.Errorf("file: %w: no parameter %q (have: %s)", ingest.ErrConfig, key, strings.Join(Keys(), ", "))
		}
		if err := out.set(key, value); err != nil {
			return config{}, err
		}
	}
	return out, nil
}

func (out *config) set(key, value string) error {
	switch key + ": " + value {
	case "loop: yes":
		out.loop = forever
	case "loop: no":
		out.loop = once
	case "unsupportedTracks: refuse":
		out.unsupported = refuse
	case "unsupportedTracks: drop":
		out.unsupported = drop
	default:
		have := "yes, no"
		if key == "unsupportedTracks" {
			have = "refuse, drop"
		}
		return fmt.Errorf("file: %w: %s: %q (have: %s)", ingest.ErrConfig, key, value, have)
	}
	return nil
}
