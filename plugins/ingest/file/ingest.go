package file

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/shoal-live/shoal/core/ingest"
)

// Ingest plays one file. It implements [ingest.Ingest].
type Ingest struct {
	cfg config
}

// New reads cfg; nothing is opened yet. It is an [ingest.Factory].
func New(cfg ingest.Config) (ingest.Ingest, error) {
	c, err := parse(cfg)
	if err != nil {
		return nil, err
	}
	return &Ingest{cfg: c}, nil
}

// Run implements [ingest.Ingest]. A file that is not there, is no MP4, is cut off or has no key frame is
// [ingest.ErrSource]; one that this process may not read is [ingest.ErrDenied].
func (i *Ingest) Run(ctx context.Context, sink ingest.Sink) error {
	f, err := os.Open(i.cfg.path)
	if err != nil {
		return i.failure(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	info, err := f.Stat()
	if err != nil {
		return i.failure(err)
	}
	if !info.Mode().IsRegular() {
		return i.failure(errors.New("it is no regular file (name an MP4 file)"))
	}
	r, err := i.open(ctx, f, info.Size(), sink)
	if err == nil {
		err = r.play(ctx)
	}
	if err != nil && ctx.Err() != nil {
		return nil
	}
	return err
}

// failure says what an error of reading means to the caller.
func (i *Ingest) failure(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) { // it repeats the path
		err = path.Err
	}
	switch {
	case errors.Is(err, ingest.ErrCodec):
		return fmt.Errorf("file: %s: %w", i.cfg.path, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("file: %s: %w: %w (let the user that runs shoal read it)", i.cfg.path, ingest.ErrDenied, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("file: %s: %w: there is no such file (put it there, or name another)", i.cfg.path, ingest.ErrSource)
	}
	return fmt.Errorf("file: %s: %w: %w", i.cfg.path, ingest.ErrSource, err)
}
