package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-live/shoal/core/transport"
)

// endpoint is what a transport has while it runs.
type endpoint struct {
	settings *settings
	ctx      context.Context
	cancel   context.CancelFunc
	listener *net.TCPListener
	sink     transport.Sink
	door     door
	links    sync.Map // of transport.LinkID and *link
	lastLink atomic.Uint64
	dials    atomic.Int64 // under way
	meter    meter

	mu     sync.Mutex
	ending bool // no goroutine is started any more
	group  sync.WaitGroup
}

func newEndpoint(ctx context.Context, s *settings, listener *net.TCPListener) *endpoint {
	e := &endpoint{settings: s, listener: listener}
	e.door.most = s.maxIncoming
	e.ctx, e.cancel = context.WithCancel(ctx)
	return e
}

// run serves until the context ends or the listener fails.
func (e *endpoint) run(sink transport.Sink) error {
	e.sink = sink
	defer e.cancel()
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		e.settings.log.Warn("the addresses of this machine are not known", "error", err)
	}
	sink.Listening(reachable(e.listener.Addr().(*net.TCPAddr), interfaces))
	e.group.Go(e.tick)
	stop := context.AfterFunc(e.ctx, func() { _ = e.listener.Close() }) // ends accept
	defer stop()
	err = e.accept()
	e.cancel() // links and dials end by it
	e.mu.Lock()
	e.ending = true
	e.mu.Unlock()
	e.group.Wait()
	sink.Event(e.meter.usage())
	return err
}

// accept takes connections until the context ends, which is no error. Where the system is short of something, it tries
// again with the next tick.
func (e *endpoint) accept() error {
	for {
		c, err := e.listener.AcceptTCP()
		switch {
		case e.ctx.Err() != nil:
			if err == nil {
				reset(c)
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("listener %s: %w", e.listener.Addr(), err)
		case err != nil:
			e.settings.log.Warn("no connection can be taken", "error", err)
			select {
			case <-e.ctx.Done():
			case <-time.After(tickEvery):
			}
			continue
		}
		from := c.RemoteAddr().(*net.TCPAddr).AddrPort().Addr()
		if err := e.door.enter(from); err != nil {
			e.settings.log.Debug("a connection was refused", "from", from, "cause", err)
			reset(c)
			continue
		}
		if e.spawn(func() { e.answer(newWire(c), from) }) != nil {
			reset(c)
		}
	}
}

// spawn starts a goroutine that run waits for. Errors: ErrClosed.
func (e *endpoint) spawn(f func()) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ending {
		return transport.ErrClosed
	}
	e.group.Go(f)
	return nil
}

// link looks up a link.
func (e *endpoint) link(id transport.LinkID) *link {
	if l, ok := e.links.Load(id); ok {
		return l.(*link)
	}
	return nil
}
