package quic

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// Transport implements transport.Transport over QUIC. It is safe for concurrent use.
type Transport struct {
	settings settings
	identity *identity
	begun    atomic.Bool
	live     atomic.Pointer[endpoint] // between bind and the end of Run
	cut      atomic.Bool              // Cut was called
}

var _ transport.Transport = (*Transport)(nil)

// New makes a transport that does not run yet. cfg.Listen is "host:port" or ":port"; "" is all interfaces at port 9890,
// or any free port where that is taken. cfg.Params are "chunks" (packet, datagram, stream; default packet),
// "maxIncoming" (links that others may open, 1..4096; default 256) and "impair" (a bad network on purpose, in the form of
// impair.Parse; default none). Before Run, as after it, methods answer ErrClosed.
// Errors: ErrConfig.
func New(cfg transport.Config) (*Transport, error) {
	s, err := newSettings(&cfg)
	if err != nil {
		return nil, fmt.Errorf("transports/quic: %w", err)
	}
	id, err := newIdentity(cfg.Identity)
	if err != nil {
		return nil, fmt.Errorf("transports/quic: %w", err)
	}
	return &Transport{settings: s, identity: id}, nil
}

// Capabilities follow from the settings alone.
func (t *Transport) Capabilities() transport.Capabilities {
	c := transport.Capabilities{Scheme: scheme, MaxChunk: maxChunk, Overhead: ipv4Headers + sealedHeader + sealedTag}
	if t.settings.chunks == asStream {
		c.Repairs = transport.RepairsAll
	}
	return c
}

// Run binds the socket and serves links until ctx ends.
func (t *Transport) Run(ctx context.Context, sink transport.Sink) error {
	if t.begun.Swap(true) {
		return fmt.Errorf("transports/quic: %w: Run is called once", transport.ErrClosed)
	}
	conn, err := t.settings.bind()
	if err != nil {
		return err
	}
	out, err := t.outlet(conn)
	if err != nil {
		return errors.Join(fmt.Errorf("transports/quic: %w", err), conn.Close())
	}
	e := newEndpoint(ctx, t, newSocket(conn, out, &t.cut))
	t.live.Store(e)
	defer t.live.Store(nil)
	return e.run(sink)
}

// Dial opens a link to peer at the first of the addresses that answers.
func (t *Transport) Dial(peer swarm.PeerID, addresses []swarm.Address) error {
	e := t.live.Load()
	if e == nil {
		return transport.ErrClosed
	}
	list := targets(addresses)
	if len(list) == 0 {
		return fmt.Errorf("transports/quic: %w: none of %q is \"quic:host:port\"", transport.ErrAddress, addresses)
	}
	return e.spawn(func() { e.dial(peer, list) })
}

// SendControl copies the frame into the link's queue.
func (t *Transport) SendControl(link transport.LinkID, frame []byte) error {
	e := t.live.Load()
	if e == nil {
		return transport.ErrClosed
	}
	if len(frame) > swarm.MaxControlFrame {
		return fmt.Errorf("%w: control frame of %d bytes, the limit is %d", transport.ErrTooLong, len(frame), swarm.MaxControlFrame)
	}
	l := e.link(link)
	if l == nil {
		return fmt.Errorf("%w: %d", transport.ErrNoLink, link)
	}
	return l.sendControl(frame)
}

// SendChunks hands frames to the gates of their links.
func (t *Transport) SendChunks(frames []transport.Frame) {
	e := t.live.Load()
	if e == nil {
		return
	}
	now := time.Now()
	for i := range frames {
		f := &frames[i]
		if len(f.Data) > maxChunk || (!f.Expires.IsZero() && f.Expires.Before(now)) {
			continue
		}
		for _, id := range f.To {
			if l := e.link(id); l != nil {
				l.sendChunk(f)
			}
		}
	}
	e.sender.kick()
}

// Signal takes a call of a peer; a QUIC link needs none, but where there are NATs.
func (t *Transport) Signal(peer swarm.PeerID, data []byte) {
	if e := t.live.Load(); e != nil {
		e.called(peer, parseCall(data))
	}
}

// Punch sends a few packets that no QUIC endpoint takes notice of, from the node's socket, which STUN servers are asked about.
func (t *Transport) Punch(addresses []swarm.Address, delay time.Duration) {
	e := t.live.Load()
	if e == nil {
		return
	}
	e.punch(addressesOf(targets(addresses)), delay, nil)
	if servers := mirrors(addresses); len(servers) > 0 {
		e.look(servers)
	}
}

// Close ends a link. The rest happens on a goroutine of its own, which Run waits for.
func (t *Transport) Close(link transport.LinkID, cause string) {
	e := t.live.Load()
	if e == nil {
		return
	}
	if l := e.link(link); l != nil {
		l.close(cause)
	}
}
