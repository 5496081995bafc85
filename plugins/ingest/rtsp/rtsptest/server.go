package rtsptest

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
)

// Patience is for what must happen.
const Patience = 15 * time.Second

// Server runs a real MediaMTX until the test ends.
func Server(t *testing.T, o tool.Options) *tool.Server {
	t.Helper()
	o.Dir, o.Progress = t.TempDir(), os.Stderr
	s, err := tool.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

// Publish plays a bundled clip into path until stop is called or the test ends, and returns once it is ready.
func Publish(t *testing.T, s *tool.Server, path, name string) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- clip.Publish(ctx, s.RTSPURL(path), clip.Options{Name: name}) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, clip.ErrDisconnected) && !errors.Is(err, context.Canceled) {
			t.Errorf("publish %s: %v", name, err)
		}
	})
	t.Cleanup(stop)
	ready, cancelReady := context.WithTimeout(t.Context(), Patience)
	defer cancelReady()
	if _, err := s.WaitReady(ready, path); err != nil {
		t.Fatal(err)
	}
	return stop
}
