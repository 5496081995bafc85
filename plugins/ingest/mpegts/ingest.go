package mpegts

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/shoal-live/shoal/core/ingest"
)

// Ingest reads one transport stream. It implements [ingest.Ingest].
type Ingest struct {
	cfg config
}

// New reads cfg; nothing is opened yet. It is an [ingest.Factory]. cfg.Source is one of the forms in the package's
// documentation.
func New(cfg ingest.Config) (ingest.Ingest, error) {
	c, err := parse(cfg)
	if err != nil {
		return nil, err
	}
	return &Ingest{cfg: c}, nil
}

// feed is a source that is open. Read gives what has come, at most one datagram, and fails with an error that wraps
// [ingest.ErrSource] once nothing has come for the stream's timeout. Close, at any time, ends Read, and returns when
// all that the feed has started has ended.
type feed = io.ReadCloser

// Run implements [ingest.Ingest].
func (i *Ingest) Run(ctx context.Context, sink ingest.Sink) error {
	if ctx.Err() != nil {
		return nil
	}
	source, err := i.cfg.open(i.cfg)
	if err != nil {
		return fmt.Errorf("%s: %w", i.cfg.stream.Name, err)
	}
	closed := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(closed)
		_ = source.Close() // reading says what there is to say
	})
	err = Read(source, i.cfg.stream, sink)
	if stop() {
		err = errors.Join(err, i.closing(source))
	} else {
		<-closed
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// closing tells what the next Run would stumble over.
func (i *Ingest) closing(source feed) error {
	if err := source.Close(); err != nil {
		return fmt.Errorf("%s: %w", i.cfg.stream.Name, err)
	}
	return nil
}
