package sdk

import (
	"io"
	"os"
	"sync/atomic"
	"time"
)

type atomicPointer[T any] = atomic.Pointer[T]

// parentEvery is how often a process looks whether its parent still is.
const parentEvery = 500 * time.Millisecond

// watchHost ends the process when the host is gone: standard input ends, or the parent changes.
func (s *server) watchHost() {
	gone := make(chan struct{}, 2)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // whatever ends it: nobody is there any more
		gone <- struct{}{}
	}()
	go func() {
		parent := os.Getppid()
		tick := time.NewTicker(parentEvery)
		defer tick.Stop()
		for os.Getppid() == parent {
			<-tick.C
		}
		gone <- struct{}{}
	}()
	<-gone
	// An implementation that does not end must not keep the process.
	time.AfterFunc(2*lastPatience, func() { os.Exit(3) })
	s.finish()
	os.Exit(0)
}

// finish ends what is served, and gives instances a moment to say goodbye.
func (s *server) finish() {
	s.once.Do(func() {
		if i := s.instances.Load(); i != nil {
			if g := s.grpc.Load(); g != nil {
				go g.Stop() // cancels every instance
			}
			i.Wait(lastPatience)
		}
	})
}
