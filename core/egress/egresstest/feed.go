package egresstest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
)

const (
	patience = 10 * time.Second       // for what must happen
	hold     = 2 * time.Second        // the longest that an item may wait to be taken, on a busy machine
	pace     = 10 * time.Millisecond  // between groups: a few times the speed of the media
	settle   = 500 * time.Millisecond // for what must not happen
)

// life is one Run of an egress. Its methods fail the test.
type life struct {
	t      *testing.T
	egress egress.Egress
	feed   chan egress.Item // unbuffered, so that an item taken is an item read
	stop   context.CancelFunc
	ready  chan []string
	done   chan error

	mu    sync.Mutex
	calls int // of ready
}

// run starts an egress and waits for nothing.
func run(t *testing.T, h *Harness, cfg egress.Config) *life {
	t.Helper()
	e, err := h.New(cfg)
	if err != nil {
		t.Fatalf("New refused a good config: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	l := &life{
		t: t, egress: e, stop: stop,
		feed: make(chan egress.Item), ready: make(chan []string, 1), done: make(chan error, 1),
	}
	go func() { l.done <- e.Run(ctx, l.feed, l.onReady) }()
	t.Cleanup(stop)
	return l
}

func (l *life) onReady(urls []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.calls++; l.calls == 1 {
		l.ready <- append([]string(nil), urls...)
	}
}

func (l *life) readyCalls() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.calls
}

// urls waits for ready.
func (l *life) urls() []string {
	l.t.Helper()
	select {
	case urls := <-l.ready:
		return urls
	case err := <-l.done:
		l.t.Fatalf("Run returned before it was ready: %v", err)
	case <-time.After(patience):
		l.t.Fatalf("not ready after %v", patience)
	}
	return nil
}

// give hands one item over and fails when it is not taken in time.
func (l *life) give(item egress.Item) {
	l.t.Helper()
	if err := l.offer(item); err != nil {
		l.t.Fatal(err)
	}
}

func (l *life) offer(item egress.Item) error {
	timer := time.NewTimer(hold)
	defer timer.Stop()
	select {
	case l.feed <- item:
		return nil
	case err := <-l.done:
		l.done <- err
		return errors.Join(errors.New("it ended while it was fed"), err)
	case <-timer.C:
		return errors.New("the feed was held up: an item was not taken for " + hold.String())
	}
}

// stream gives groups at a few times their speed.
func (l *life) stream(groups []chunk.Group) {
	l.t.Helper()
	if err := l.offerAll(groups, nil); err != nil {
		l.t.Fatal(err)
	}
}

// offerAll gives groups at a few times their speed until enough is closed.
func (l *life) offerAll(groups []chunk.Group, enough <-chan struct{}) error {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for _, g := range groups {
		if err := l.offer(egress.Media{Group: g, Due: time.Now()}); err != nil {
			return err
		}
		select {
		case <-enough:
			return nil
		case <-tick.C:
		}
	}
	return nil
}

// plays feeds an epoch until the player of the target has seen it.
func (l *life) plays(target Target, urls []string, epoch Epoch) {
	l.t.Helper()
	if target.Plays == nil {
		l.t.Skip("SKIPPED: there is no player for this output (Target.Plays)")
	}
	l.give(egress.Begin{Descriptor: epoch.Descriptor})
	seen := make(chan error, 1)
	enough := make(chan struct{})
	go func() {
		defer close(enough)
		seen <- target.Plays(urls, epoch.Descriptor)
	}()
	fed := l.offerAll(epoch.Groups, enough)
	select {
	case err := <-seen:
		if err = errors.Join(fed, err); err != nil {
			l.t.Fatalf("epoch %d does not play: %v", epoch.Descriptor.Epoch, err)
		}
	case <-time.After(patience):
		l.t.Fatalf("epoch %d does not play after %v, feed: %v", epoch.Descriptor.Epoch, patience, fed)
	}
}

// end waits for Run to return.
func (l *life) end() error {
	l.t.Helper()
	select {
	case err := <-l.done:
		return err
	case <-time.After(patience):
		l.t.Fatalf("Run has not returned after %v:\n%s", patience, stacks())
	}
	return nil
}

// goroutinesFall waits until no more than before are left.
func goroutinesFall(t *testing.T, before int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for runtime.NumGoroutine() > before {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, %d before:\n%s", runtime.NumGoroutine(), before, stacks())
		}
		runtime.Gosched()
		<-time.After(pace)
	}
}

func stacks() []byte {
	buf := make([]byte, 1<<20)
	return buf[:runtime.Stack(buf, true)]
}
