package quic

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/quic-go/quic-go"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// dial brings up a link and serves it, or reports DialFailed.
func (e *endpoint) dial(peer swarm.PeerID, list []target) {
	e.calling(peer, 1)
	l, err := e.connect(peer, list)
	e.calling(peer, -1)
	if err != nil {
		e.sink.Event(transport.DialFailed{Peer: peer, Cause: causeOf(err)})
		return
	}
	l.serve()
}

func (e *endpoint) connect(peer swarm.PeerID, list []target) (*link, error) {
	ctx, cancel := context.WithTimeout(e.ctx, dialTimeout)
	defer cancel()
	addrs, err := resolve(ctx, list)
	if err != nil {
		return nil, err
	}
	addrs = slices.DeleteFunc(addrs, func(a netip.AddrPort) bool { return slices.Contains(e.own, a) })
	if len(addrs) == 0 {
		return nil, fmt.Errorf("%w: %v is this node itself", transport.ErrAddress, list)
	}
	nearest(addrs, e.seen())
	return e.reach(ctx, peer, addrs)
}

// reach brings up a link with a peer at one of addrs, the first that answers.
func (e *endpoint) reach(ctx context.Context, peer swarm.PeerID, addrs []netip.AddrPort) (*link, error) {
	defer e.dials.Add(-1)
	if e.dials.Add(1) > maxDials {
		return nil, fmt.Errorf("%w: %d dials are under way", transport.ErrFull, maxDials)
	}
	conn, err := e.race(ctx, peer, addrs)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(e.ctx, func() { _ = conn.CloseWithError(codeClosed, "transport closed") })
	defer stop()
	stream, err := conn.OpenStream()
	if err != nil {
		return nil, fail(conn, err)
	}
	mine := e.newHello()
	h, r, err := exchange(ctx, conn, stream, mine)
	if err != nil {
		return nil, fail(conn, err)
	}
	return e.newLink(conn, &greeting{peer: peer, hello: h, tag: mine.tag, control: stream, reader: r, side: dialing})
}

// answer brings up a link that another node has dialed.
func (e *endpoint) answer(conn *quic.Conn) {
	l, err := e.greet(conn)
	if err != nil {
		e.t.settings.log.Debug("incoming connection ended before it was a link", "from", conn.RemoteAddr(), "cause", causeOf(err))
		return
	}
	e.limits.greeted.Add(1)
	defer e.limits.greeted.Add(-1)
	l.serve()
}

func (e *endpoint) greet(conn *quic.Conn) (*link, error) {
	state := conn.ConnectionState()
	peer, err := provedBy(&state.TLS)
	if err != nil {
		return nil, fail(conn, err)
	}
	ctx, cancel := context.WithTimeout(e.ctx, helloTimeout)
	defer cancel()
	stop := context.AfterFunc(e.ctx, func() { _ = conn.CloseWithError(codeClosed, "transport closed") })
	defer stop()
	stream, err := conn.AcceptStream(ctx)
	if err != nil {
		return nil, fail(conn, err)
	}
	mine := e.newHello()
	h, r, err := exchange(ctx, conn, stream, mine)
	if err != nil {
		return nil, fail(conn, err)
	}
	return e.newLink(conn, &greeting{peer: peer, hello: h, tag: mine.tag, control: stream, reader: r, side: listening})
}

// fail closes a connection that does not become a link. What closed it, if anything had, says more than err.
func fail(conn *quic.Conn, err error) error {
	if cause := context.Cause(conn.Context()); cause != nil {
		return cause
	}
	code := codeClosed
	if errors.Is(err, ErrProtocol) {
		code = codeProtocol
	}
	_ = conn.CloseWithError(code, clean(causeOf(err).Error())) // it never fails
	return err
}

// attempt is the outcome of one address.
type attempt struct {
	conn *quic.Conn
	err  error
}

// race dials the addresses in turn, each dialStagger after the one before or as soon as that has failed. The
// first one to prove the peer's identity wins; the others are closed before they say hello, so that the other end
// never sees a link in them. It waits for all that it started.
func (e *endpoint) race(ctx context.Context, peer swarm.PeerID, addrs []netip.AddrPort) (*quic.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan attempt, len(addrs))
	next := time.NewTimer(0)
	defer next.Stop()
	var winner *quic.Conn
	var errs []error
	started, ended := 0, 0
	for ended < started || (winner == nil && started < len(addrs)) {
		select {
		case <-next.C:
			if winner == nil && started < len(addrs) {
				addr := addrs[started]
				started++
				go func() {
					c, err := e.try(ctx, peer, addr)
					results <- attempt{c, err}
				}()
				next.Reset(dialStagger)
			}
		case a := <-results:
			ended++
			switch {
			case a.err != nil && winner == nil:
				errs = append(errs, a.err)
				next.Reset(0)
			case a.err != nil:
			case winner == nil:
				winner = a.conn
				cancel()
			default:
				_ = a.conn.CloseWithError(codeUnneeded, "another address was faster") // it never fails
			}
		}
	}
	if winner == nil {
		return nil, allOf(errs)
	}
	return winner, nil
}

// allOf is one error on one line that wraps all.
func allOf(errs []error) error {
	var all error
	for _, err := range errs {
		if all == nil {
			all = err
		} else {
			all = fmt.Errorf("%w; %w", all, err)
		}
	}
	return all
}

// try dials one address.
func (e *endpoint) try(ctx context.Context, peer swarm.PeerID, addr netip.AddrPort) (*quic.Conn, error) {
	conn, err := e.quic.Dial(ctx, net.UDPAddrFromAddrPort(addr), e.t.identity.dialTLS(peer), quicConfig(dialing))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", addr, causeOf(err))
	}
	return conn, nil
}
