package transporttest

import (
	"context"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// leavesNoGoroutine brings endpoints up and down and wants the number of goroutines not to grow with it.
func (s *suite) leavesNoGoroutine(t *testing.T) {
	const rounds, tolerance = 5, 4
	round := func(t *testing.T) {
		a, b := s.pair(t)
		c := s.start(t)
		c.link(a)
		for _, p := range []*peer{a, b, c} {
			p.stop()
		}
	}
	t.Run("first", round) // what is started once for good
	before := runtime.NumGoroutine()
	for range rounds {
		t.Run("again", round)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for began := time.Now(); runtime.NumGoroutine() > before+tolerance; <-tick.C {
		if time.Since(began) > soon {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines, %d before %d rounds\n%s", runtime.NumGoroutine(), before, rounds,
				stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// concurrentUse calls everything from several goroutines, for the race detector.
func (s *suite) concurrentUse(t *testing.T) {
	a, b, c := s.start(t), s.start(t), s.start(t)
	toB, atB := a.link(b)
	toC, _ := a.link(c)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	var group sync.WaitGroup
	repeat := func(f func(i int)) {
		group.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				f(i)
				runtime.Gosched()
			}
		})
	}
	data := pattern(600, 1)
	for range 2 {
		repeat(func(i int) {
			a.Transport.SendChunks([]transport.Frame{{Data: data, To: []transport.LinkID{toB, toC}, Token: uint64(i)}})
		})
	}
	for range 2 {
		repeat(func(int) { _ = a.Transport.SendControl(toB, data[:50]) }) // ErrFull is an answer too
		repeat(func(int) { _ = b.Transport.SendControl(atB, data[:50]) })
	}
	repeat(func(int) {
		a.Transport.Close(toC+50, "none")
		a.Transport.Signal(c.id, data)
		a.Transport.Capabilities()
	})
	group.Go(func() {
		for range 3 {
			_ = b.Transport.Dial(c.id, c.addresses())
			_ = c.Transport.Dial(b.id, b.addresses())
		}
	})
	group.Go(func() { a.Transport.Close(toC, "in the middle of it") })
	group.Wait()
	a.await("Down of the closed link", soon, func(r *records) bool { return r.links[toC].down != nil })
	b.await("outcomes", dialTime, func(r *records) bool { return len(r.to(c.id))+len(r.dialFailed) >= 3 })
	b.await("chunk frames", soon, func(r *records) bool { return len(r.links[atB].chunks) > 0 })
}

func (s *suite) garbage(t *testing.T) {
	a, b := s.start(t), s.start(t)
	here, there := a.link(b)
	if b.Garbage == nil {
		t.Skip("SKIPPED: this implementation has no wire that strangers could write on, so its Endpoint has no Garbage")
	}
	links := len(b.linksTo(a))
	b.Garbage()
	if err := a.Transport.SendControl(here, []byte("still up")); err != nil {
		t.Fatalf("SendControl: %v", err)
	}
	b.await("the frame", soon, func(r *records) bool { return len(r.links[there].control) == 1 })
	s.start(t).link(b)
	b.sink.mu.Lock()
	defer b.sink.mu.Unlock()
	if n := len(b.sink.order); n != links+1 {
		t.Errorf("%d links came up; want %d", n, links+1)
	}
	if b.sink.links[there].down != nil {
		t.Errorf("the link went down: %v", b.sink.links[there].down.Cause)
	}
	var list []swarm.Address
	for _, l := range b.sink.listening {
		list = append(list, l...)
	}
	if len(list) == 0 {
		t.Error("no address is left")
	}
}
