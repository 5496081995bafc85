package pipe

import (
	"context"
	"errors"
	"io"
	"os"
	"syscall"
	"time"
)

// openPath opens a file, or a named pipe once somebody reads it.
func openPath(ctx context.Context, path string) (io.WriteCloser, error) {
	info, err := os.Stat(path)
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	}
	tick := time.NewTicker(pollFIFO)
	defer tick.Stop()
	for {
		// Without O_NONBLOCK the call would block beyond the end of ctx.
		f, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if !errors.Is(err, syscall.ENXIO) {
			return f, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}
