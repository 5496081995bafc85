package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"net/netip"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// readBuffer is what a connection is read by, in bytes. Longer messages bypass it.
const readBuffer = 4 << 10

// greeting is what is known of a connection once both ends have said hello.
type greeting struct {
	wire     *wire
	tls      *tls.Conn
	reader   *bufio.Reader
	peer     swarm.PeerID
	observed string // this end's "host:port", as the peer sees it
	side     side
}

// side says which end of a connection this is.
type side uint8

const (
	listening side = 0
	dialing   side = 1
)

// answer brings up a link that another node has dialed, and serves it.
func (e *endpoint) answer(w *wire, from netip.Addr) {
	defer e.door.leave()
	e.meter.add(w)
	defer e.meter.drop(w)
	ctx, cancel := context.WithTimeout(e.ctx, greetTimeout)
	g, err := e.greet(ctx, w)
	cancel()
	if err != nil {
		e.settings.log.Debug("a connection did not become a link", "from", from, "cause", causeOf(err))
		e.meter.drop(w)
		e.pause(failedFor)
	}
	e.door.shaken(from)
	if err == nil {
		newLink(e, g).serve()
	}
}

// pause waits for d, or for the end of the transport.
func (e *endpoint) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-e.ctx.Done():
	case <-timer.C:
	}
}

// greet is the listening end's part: it says hello once it has heard one, for a dialing end that prefers another
// address hangs up before.
func (e *endpoint) greet(ctx context.Context, w *wire) (*greeting, error) {
	c := tls.Server(w, e.settings.identity.listening())
	if err := c.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	g := &greeting{wire: w, tls: c, side: listening}
	return g, g.exchange(ctx)
}

// exchange hears the other end's hello and says this end's.
func (g *greeting) exchange(ctx context.Context) error {
	state := g.tls.ConnectionState()
	var err error
	if g.peer, err = provedBy(&state); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = g.wire.SetDeadline(time.Unix(1, 0)) }) // ends what follows
	defer stop()
	g.reader = bufio.NewReaderSize(g.tls, readBuffer)
	hello := appendHello(nil, hostPort(g.wire.RemoteAddr()))
	if g.side == dialing {
		if _, err = g.tls.Write(hello); err != nil {
			return err
		}
	}
	k, body, err := readMessage(g.reader, maxHello)
	if err != nil {
		return err
	}
	if g.observed, err = parseHello(k, body); err != nil {
		return err
	}
	if g.side == listening {
		if _, err = g.tls.Write(hello); err != nil {
			return err
		}
	}
	if !stop() {
		return context.Cause(ctx)
	}
	return nil
}
