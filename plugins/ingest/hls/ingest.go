package hls

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
)

// Ingest reads one HLS stream. It implements [ingest.Ingest] and [ingest.Measurer].
type Ingest struct {
	cfg    config
	delays ingest.Delays
}

// New reads cfg; nothing is opened yet. It is an [ingest.Factory]. cfg.Source is an http or https URL of a playlist.
func New(cfg ingest.Config) (ingest.Ingest, error) {
	c, err := parse(cfg)
	if err != nil {
		return nil, err
	}
	return &Ingest{cfg: c}, nil
}

// Measured implements [ingest.Measurer]. Only a stream whose playlists say when its segments were captured is measured.
func (i *Ingest) Measured() []time.Duration { return i.delays.Measured() }

// Run implements [ingest.Ingest].
func (i *Ingest) Run(ctx context.Context, sink ingest.Sink) error {
	f := newFetcher(i.cfg)
	defer f.close()
	reading, stop := context.WithCancel(ctx)
	defer stop()
	r, err := i.open(reading, f, sink)
	if err == nil {
		var all sync.WaitGroup
		for _, follower := range r.followers {
			all.Go(func() { follower.follow(reading) })
		}
		err = r.play(reading)
		stop()
		all.Wait()
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// failure names the source. What does not say its kind is [ingest.ErrSource].
func (i *Ingest) failure(err error) error {
	if errors.Is(err, ingest.ErrDenied) || errors.Is(err, ingest.ErrCodec) {
		return fmt.Errorf("hls: %s: %w", i.cfg.name(), err)
	}
	return fmt.Errorf("hls: %s: %w: %w", i.cfg.name(), ingest.ErrSource, err)
}
