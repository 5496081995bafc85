package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shoal-live/shoal/core/transport"
)

// link is one connection that came up. Its reader owns it.
type link struct {
	greeting
	e      *endpoint
	id     transport.LinkID
	out    outbox
	joiner joiner
	voice  voice
	pulse  pulse
	cause  atomic.Pointer[error] // why it ends; the first one counts
	ending chan struct{}         // closed when there is a cause
}

func newLink(e *endpoint, g *greeting) *link {
	l := &link{greeting: *g, e: e, id: transport.LinkID(e.lastLink.Add(1)), ending: make(chan struct{})}
	l.out.wake = make(chan struct{}, 1)
	l.out.measure(l.wire.window())
	return l
}

// serve reports Up, carries frames until the link ends, and reports Down.
func (l *link) serve() {
	e := l.e
	e.links.Store(l.id, l)
	e.sink.Event(l.up())
	stop := context.AfterFunc(e.ctx, func() { l.close(transport.ErrClosed, "transport closed") })
	defer stop()
	var writer sync.WaitGroup
	writer.Go(l.write)
	l.ping()
	l.conclude(l.read())
	e.links.Delete(l.id)
	writer.Wait()
	e.meter.drop(l.wire)
	l.voice.end()
	e.sink.Event(transport.Down{Link: l.id, Cause: *l.cause.Load()})
}

func (l *link) up() transport.Up {
	up := transport.Up{
		Link: l.id, Peer: l.peer, Dialed: l.side == dialing, MaxChunk: maxChunk,
		Address: addressOf(hostPort(l.wire.RemoteAddr())),
	}
	if dialable(l.observed) { // what a stranger says is believed no further
		up.Observed = addressOf(l.observed)
	}
	return up
}

// close makes cause the reason for the link's end, unless there is one, and has the peer told goodbye. The reader
// ends once the peer has hung up, or with the time to linger.
func (l *link) close(cause error, goodbye string) {
	if !l.cause.CompareAndSwap(nil, &cause) {
		return
	}
	close(l.ending)
	_ = l.wire.SetDeadline(time.Now().Add(linger)) // else the connection has ended already
	l.out.close(clean(goodbye))
}

// conclude finds out why the link ends when its reader has.
func (l *link) conclude(err error) {
	switch {
	case errors.Is(err, transport.ErrPeerClosed):
		l.out.end() // before close: nobody is there to hear a bye
		l.close(err, "")
	case errors.Is(err, ErrProtocol):
		l.close(err, err.Error())
	default:
		l.outlive()
		l.close(fmt.Errorf("%w: the connection broke: %w", transport.ErrTimeout, err), "")
		l.out.end()
	}
}

// outlive keeps a link whose connection broke without a bye. Whether the peer died or the path did is not to be
// told, so the link is silent for a while, as it would be over any other transport, and then timed out.
func (l *link) outlive() {
	timer := time.NewTimer(brokenFor)
	defer timer.Stop()
	select {
	case <-l.ending:
	case <-timer.C:
	}
}

// sendChunk takes one frame, or reports Full.
func (l *link) sendChunk(f *transport.Frame) {
	if l.out.takeChunk(f) {
		return
	}
	l.report(transport.Full{Link: l.id, Token: f.Token})
	if l.out.refused() {
		l.report(transport.Writable{Links: []transport.LinkID{l.id}})
	}
}

// report tells the sink of something between Up and Down.
func (l *link) report(e transport.Event) {
	if l.voice.begin() {
		l.e.sink.Event(e)
		l.voice.busy.Done()
	}
}

// voice lets several goroutines report what happens on a link, and none after Down.
type voice struct {
	mu   sync.Mutex
	over bool
	busy sync.WaitGroup
}

// begin asks to report; busy.Done must follow where it is granted.
func (v *voice) begin() bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !v.over {
		v.busy.Add(1)
	}
	return !v.over
}

// end waits for those who report, and lets nobody begin any more.
func (v *voice) end() {
	v.mu.Lock()
	v.over = true
	v.mu.Unlock()
	v.busy.Wait()
}
