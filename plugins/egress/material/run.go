package material

import (
	"context"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/egress"
)

// Run runs e until the test ends, fed by feed (nil for nothing), and answers its URLs once it is ready. The test fails when Run does.
func Run(t *testing.T, e egress.Egress, feed func(context.Context, chan<- egress.Item)) []string {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	items := make(chan egress.Item)
	ready := make(chan []string, 1)
	done := make(chan error, 1)
	fed := make(chan struct{})
	go func() {
		defer close(fed)
		if feed != nil {
			feed(ctx, items)
		}
	}()
	go func() { done <- e.Run(ctx, items, func(urls []string) { ready <- urls }) }()
	t.Cleanup(func() {
		stop()
		<-fed
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	select {
	case urls := <-ready:
		return urls
	case err := <-done:
		done <- err
		t.Fatalf("Run ended at once: %v", err)
	case <-time.After(10 * time.Second):
		t.Fatal("not ready after 10 s")
	}
	return nil
}
