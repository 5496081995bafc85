package tool

import (
	"context"
	"fmt"
	"os"
	"time"
)

// lockFile takes the exclusive lock on path, creating the file, and returns
// the function that gives it back. While another process holds it, waiting is
// called five times a second, until ctx ends. The operating system releases the
// lock of a process that dies, so a lock is never stale; the file itself stays.
func lockFile(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		held, err := tryLock(f)
		if err != nil {
			_ = f.Close() // nothing was written to it
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if held {
			return func() { _ = f.Close() }, nil // closing releases the lock
		}
		waiting()
		select {
		case <-ctx.Done():
			_ = f.Close() // nothing was written to it
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}
