package srt

import (
	"context"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts"
)

// Ingest reads one SRT source. It implements [ingest.Ingest].
type Ingest struct {
	cfg config
}

// New reads cfg; nothing is opened yet. It is an [ingest.Factory]. cfg.Source is an srt URL.
func New(cfg ingest.Config) (ingest.Ingest, error) {
	c, err := parse(cfg)
	if err != nil {
		return nil, err
	}
	return &Ingest{cfg: c}, nil
}

// Run implements [ingest.Ingest].
func (i *Ingest) Run(ctx context.Context, sink ingest.Sink) error {
	if ctx.Err() != nil {
		return nil
	}
	open := call
	if i.cfg.mode == listener {
		open = listen
	}
	err := i.play(ctx, open, sink)
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (i *Ingest) play(ctx context.Context, open func(context.Context, *config) (*session, error), sink ingest.Sink) error {
	s, err := open(ctx, &i.cfg)
	if err != nil {
		return err
	}
	interrupted := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(interrupted)
		s.interrupt()
	})
	err = mpegts.Read(s, i.cfg.stream, sink)
	if !stop() {
		<-interrupted
	}
	s.close()
	return err
}
