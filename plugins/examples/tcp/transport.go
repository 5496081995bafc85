package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// Transport implements transport.Transport over TCP. It is safe for concurrent use.
type Transport struct {
	settings settings
	begun    atomic.Bool
	live     atomic.Pointer[endpoint] // between bind and the end of Run
}

var _ transport.Transport = (*Transport)(nil)

// New makes a transport that does not run yet; its methods answer ErrClosed before Run as after it. cfg.Listen is
// "host:port" or ":port"; "" is 127.0.0.1 at port 9891, or at any free one where that is taken. cfg.Params has
// "maxIncoming" (links that others may open, 1..4096; default 256). Errors: ErrConfig.
func New(cfg transport.Config) (transport.Transport, error) {
	s, err := newSettings(&cfg)
	if err != nil {
		return nil, err
	}
	return &Transport{settings: s}, nil
}

// Capabilities say that TCP sends again what is lost.
func (t *Transport) Capabilities() transport.Capabilities {
	return transport.Capabilities{Scheme: scheme, MaxChunk: maxChunk, Overhead: overhead, Repairs: transport.RepairsAll}
}

// Run binds and serves links until ctx ends.
func (t *Transport) Run(ctx context.Context, sink transport.Sink) error {
	if t.begun.Swap(true) {
		return fmt.Errorf("%w: Run is called once", transport.ErrClosed)
	}
	listener, err := t.settings.bind(ctx)
	if err != nil {
		return err
	}
	e := newEndpoint(ctx, &t.settings, listener)
	t.live.Store(e)
	defer t.live.Store(nil)
	return e.run(sink)
}

// Dial opens a link to peer at the first of the addresses that proves its key.
func (t *Transport) Dial(peer swarm.PeerID, addresses []swarm.Address) error {
	e := t.live.Load()
	if e == nil {
		return transport.ErrClosed
	}
	list := targets(addresses)
	if len(list) == 0 {
		return fmt.Errorf("%w: none of %q is \"tcp:host:port\"", transport.ErrAddress, addresses)
	}
	return e.spawn(func() { e.dial(peer, list) })
}

// SendControl copies the frame into the link's outbox.
func (t *Transport) SendControl(id transport.LinkID, frame []byte) error {
	e := t.live.Load()
	if e == nil {
		return transport.ErrClosed
	}
	if len(frame) > swarm.MaxControlFrame {
		return fmt.Errorf("%w: control frame of %d bytes, the limit is %d", transport.ErrTooLong, len(frame), swarm.MaxControlFrame)
	}
	l := e.link(id)
	if l == nil {
		return fmt.Errorf("%w: %d", transport.ErrNoLink, id)
	}
	if err := l.out.takeControl(frame); err != nil {
		return fmt.Errorf("link %d: %w", id, err)
	}
	return nil
}

// SendChunks puts frames into the outboxes of their links.
func (t *Transport) SendChunks(frames []transport.Frame) {
	e := t.live.Load()
	if e == nil {
		return
	}
	now := time.Now()
	for i := range frames {
		f := &frames[i]
		if len(f.Data) > maxChunk || !f.Expires.IsZero() && f.Expires.Before(now) {
			continue
		}
		for _, id := range f.To {
			if l := e.link(id); l != nil {
				l.sendChunk(f)
			}
		}
	}
}

// Signal is ignored: a link over TCP needs none.
func (t *Transport) Signal(swarm.PeerID, []byte) {}

// Punch does nothing: a NAT lets no TCP in because a packet went out.
func (t *Transport) Punch([]swarm.Address, time.Duration) {}

// Close ends a link; what follows happens on its own goroutines.
func (t *Transport) Close(id transport.LinkID, cause string) {
	e := t.live.Load()
	if e == nil {
		return
	}
	if l := e.link(id); l != nil {
		l.close(fmt.Errorf("%w: %s", transport.ErrClosed, clean(cause)), cause)
	}
}
