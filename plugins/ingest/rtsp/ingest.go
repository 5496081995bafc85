package rtsp

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/bluenviron/gortsplib/v5"
	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"

	"github.com/shoal-live/shoal/core/ingest"
)

// Ingest reads one RTSP source. It implements [ingest.Ingest] and [ingest.Measurer].
type Ingest struct {
	cfg    config
	delays ingest.Delays
}

// New reads cfg; nothing is opened yet. It is an [ingest.Factory]. cfg.Source is an rtsp or rtsps URL.
func New(cfg ingest.Config) (ingest.Ingest, error) { return Open(cfg, 0) }

// Open is New with the bitrate of the source in bits per second, for a caller that knows it; 0 lets it be measured.
func Open(cfg ingest.Config, bitrate uint64) (*Ingest, error) {
	c, err := parse(cfg)
	if err != nil {
		return nil, err
	}
	c.bitrate = bitrate
	return &Ingest{cfg: c}, nil
}

// Measured implements [ingest.Measurer].
func (i *Ingest) Measured() []time.Duration { return i.delays.Measured() }

// Run implements [ingest.Ingest].
func (i *Ingest) Run(ctx context.Context, sink ingest.Sink) error {
	client := newClient(i.cfg)
	if err := client.Start(); err != nil {
		return i.failure(err)
	}
	gone := make(chan error, 1)
	ended := make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() { gone <- client.Wait() })
	all.Go(func() { // the client knows no context
		select {
		case <-ctx.Done():
		case <-ended:
		}
		client.Close()
	})
	err := i.play(ctx, client, sink, gone)
	close(ended)
	all.Wait()
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// noAccess is how long a source may send without a picture at which decoding can begin.
const noAccess = time.Minute

// play reads until ctx, the sink or the client, of which gone tells, ends.
func (i *Ingest) play(ctx context.Context, client *gortsplib.Client, sink ingest.Sink, gone <-chan error) error {
	session, _, err := client.Describe(i.cfg.url)
	if err != nil {
		return i.failure(err)
	}
	r, err := i.open(client, session, sink)
	if err != nil {
		return err
	}
	if _, err := client.Play(nil); err != nil {
		return i.failure(err)
	}
	quiet := time.NewTimer(noAccess)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-r.failed:
			return err
		case err := <-gone:
			select {
			case first := <-r.failed:
				return first
			default:
			}
			return i.failure(err)
		case <-quiet.C:
			if !r.playing.Load() {
				return fmt.Errorf("rtsp: %s: %w: no picture at which decoding can begin came in %v (set a key frame interval in the encoder)",
					i.cfg.name(), ingest.ErrSource, noAccess)
			}
		}
	}
}

// failure says what an error of the client means to the caller.
func (i *Ingest) failure(err error) error {
	kind := ingest.ErrSource
	var status liberrors.ErrClientBadStatusCode
	var auth liberrors.ErrClientAuthSetup
	switch {
	case errors.As(err, &status):
		switch status.Code {
		case base.StatusUnauthorized, base.StatusForbidden:
			kind, err = ingest.ErrDenied, errors.New("the server refuses these credentials")
			if i.cfg.url.User == nil {
				err = errors.New("the server asks for credentials (set user and pass)")
			}
		case base.StatusNotFound:
			err = errors.New("nobody publishes there")
		}
	case errors.As(err, &auth):
		kind = ingest.ErrDenied
	}
	return fmt.Errorf("rtsp: %s: %w: %w", i.cfg.name(), kind, err)
}
