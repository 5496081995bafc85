package rtsp

import (
	"context"
	"errors"
	"fmt"

	"github.com/bluenviron/gortsplib/v5/pkg/base"
	"github.com/bluenviron/gortsplib/v5/pkg/liberrors"

	"github.com/shoal-live/shoal/core/ingest"
)

// ErrAbsent means that the server answers, but has nothing at that path now. It comes with [ingest.ErrSource].
var ErrAbsent = errors.New("no such stream")

// Describe asks, without credentials, whether the source can be read: nil means that it can. It takes no longer than ctx and
// leaves nothing open. Errors: [ingest.ErrConfig]; [ingest.ErrDenied]; [ingest.ErrSource], with ErrAbsent where the
// server itself is there.
func Describe(ctx context.Context, cfg ingest.Config) error {
	c, err := parse(cfg)
	if err != nil {
		return err
	}
	c.url.User = nil
	i := &Ingest{cfg: c}
	client := newClient(c)
	if err := client.Start(); err != nil {
		return i.failure(err)
	}
	stop := context.AfterFunc(ctx, client.Close)
	_, _, err = client.Describe(c.url)
	stop()
	client.Close() // waits, whoever called it first
	var status liberrors.ErrClientBadStatusCode
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("rtsp: %s: %w: %w", c.name(), ingest.ErrSource, context.Cause(ctx))
	case errors.As(err, &status) && (status.Code == base.StatusNotFound || status.Code == base.StatusBadRequest):
		return fmt.Errorf("%w: %w", ErrAbsent, i.failure(err))
	}
	return i.failure(err)
}
