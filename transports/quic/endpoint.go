package quic

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"github.com/quic-go/quic-go"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// endpoint is what a transport has while it runs.
type endpoint struct {
	t      *Transport
	ctx    context.Context
	cancel context.CancelFunc
	sink   transport.Sink
	socket *socket
	quic   *quic.Transport
	sender sender
	limits limits
	own    []netip.AddrPort // where it listens itself

	opened  []transport.Received // of one batch; the socket's reader has them
	entered []*link

	mirrors chan []target // STUN servers to ask; the newest
	looking sync.Once     // somebody takes them
	outside atomic.Pointer[[]netip.AddrPort]

	dials   atomic.Int64 // under way
	punches atomic.Int64 // under way

	mu       sync.Mutex
	ending   bool                 // no goroutine is started any more
	dialed   map[swarm.PeerID]int // dials under way, by peer
	lastLink transport.LinkID
	group    sync.WaitGroup
	links    atomic.Pointer[map[transport.LinkID]*link] // replaced, never changed
}

func newEndpoint(ctx context.Context, t *Transport, s *socket) *endpoint {
	e := &endpoint{t: t, socket: s, mirrors: make(chan []target, 1), dialed: make(map[swarm.PeerID]int)}
	e.socket.deliver = e.deliver
	e.sender.wake = make(chan struct{}, 1)
	e.limits.most = int64(t.settings.maxIncoming)
	e.links.Store(&map[transport.LinkID]*link{})
	e.quic = &quic.Transport{
		Conn:                e.socket,
		StatelessResetKey:   &t.identity.reset,
		VerifySourceAddress: e.limits.unproved,
		ConnContext:         e.limits.admit,
	}
	e.ctx, e.cancel = context.WithCancel(ctx)
	return e
}

// run serves until the context ends or the socket fails.
func (e *endpoint) run(sink transport.Sink) error {
	e.sink = sink
	defer e.cancel()
	bound := e.socket.LocalAddr().(*net.UDPAddr)
	listener, err := e.quic.Listen(e.t.identity.listenTLS(), quicConfig(listening))
	if err != nil {
		return errors.Join(fmt.Errorf("transports/quic: listen at %s: %w", bound, err), e.quic.Close(), e.socket.Close())
	}
	addresses := dialable(bound, net.InterfaceAddrs)
	for _, t := range targets(addresses) {
		if ip, err := netip.ParseAddr(t.host); err == nil {
			e.own = append(e.own, netip.AddrPortFrom(ip, t.port))
		}
	}
	sink.Listening(addresses)
	e.group.Go(e.tick)
	e.group.Go(e.send)
	err = e.accept(listener)
	e.cancel() // links end by it
	e.mu.Lock()
	e.ending = true
	e.mu.Unlock()
	e.group.Wait()
	e.report()
	err = errors.Join(err, listener.Close(), e.quic.Close())
	e.socket.drain()
	return errors.Join(err, e.socket.Close())
}

// accept takes incoming connections until the context ends, which is no error.
func (e *endpoint) accept(listener *quic.Listener) error {
	for {
		conn, err := listener.Accept(e.ctx)
		switch {
		case e.ctx.Err() != nil:
			if err == nil {
				_ = conn.CloseWithError(codeClosed, "transport closed") // it never fails
			}
			return nil
		case err != nil:
			return fmt.Errorf("transports/quic: socket %s: %w", e.socket.LocalAddr(), err)
		}
		if e.spawn(func() { e.answer(conn) }) != nil {
			return nil
		}
	}
}

// newHello is this end's, with a tag that no other link has but by an accident that the keys would tell.
func (e *endpoint) newHello() hello { return hello{chunks: e.t.settings.chunks, tag: rand.Uint32()} }

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

// link looks up a link without a lock: links come and go seldom, frames do not.
func (e *endpoint) link(id transport.LinkID) *link { return (*e.links.Load())[id] }

// add numbers a link and puts it into the table.
func (e *endpoint) add(l *link) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lastLink++
	l.id = e.lastLink
	table := maps.Clone(*e.links.Load())
	table[l.id] = l
	e.links.Store(&table)
}

func (e *endpoint) remove(l *link) {
	e.mu.Lock()
	defer e.mu.Unlock()
	table := maps.Clone(*e.links.Load())
	delete(table, l.id)
	e.links.Store(&table)
}
