package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// dial brings up a link and serves it, or reports DialFailed.
func (e *endpoint) dial(peer swarm.PeerID, list []string) {
	g, err := e.connect(peer, list)
	if err != nil {
		e.sink.Event(transport.DialFailed{Peer: peer, Cause: causeOf(err)})
		return
	}
	defer e.meter.drop(g.wire)
	newLink(e, g).serve()
}

func (e *endpoint) connect(peer swarm.PeerID, list []string) (*greeting, error) {
	defer e.dials.Add(-1)
	if e.dials.Add(1) > maxDials {
		return nil, fmt.Errorf("%w: %d dials are under way", transport.ErrFull, maxDials)
	}
	ctx, cancel := context.WithTimeout(e.ctx, dialTimeout)
	defer cancel()
	g, err := e.race(ctx, peer, list)
	if err != nil {
		return nil, err
	}
	if err := g.exchange(ctx); err != nil {
		e.meter.drop(g.wire)
		return nil, err
	}
	return g, nil
}

// attempt is the outcome of one address.
type attempt struct {
	g   *greeting
	err error
}

// race tries the addresses in turn, each dialStagger after the one before or as soon as that has failed. The first one
// to prove the peer's key wins. It waits for all that it started.
func (e *endpoint) race(ctx context.Context, peer swarm.PeerID, list []string) (*greeting, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan attempt, len(list))
	next := time.NewTimer(0)
	defer next.Stop()
	var winner *greeting
	var failure error
	for started, ended := 0, 0; ended < started || winner == nil && started < len(list); {
		select {
		case <-next.C:
			if winner == nil && started < len(list) {
				target := list[started]
				started++
				go func() {
					g, err := e.try(ctx, peer, target)
					results <- attempt{g, err}
				}()
				next.Reset(dialStagger)
			}
		case a := <-results:
			ended++
			switch {
			case a.err == nil && winner == nil:
				winner = a.g
				cancel()
			case a.err == nil:
				e.meter.drop(a.g.wire)
			case winner == nil:
				failure = and(failure, a.err)
				next.Reset(0)
			}
		}
	}
	if winner == nil {
		return nil, failure
	}
	return winner, nil
}

// try connects to one address and has the peer prove its key there.
func (e *endpoint) try(ctx context.Context, peer swarm.PeerID, target string) (*greeting, error) {
	var d net.Dialer
	d.SetMultipathTCP(false) // its sockets tell nothing of what they queue
	c, err := d.DialContext(ctx, "tcp", target)
	if err != nil {
		e.meter.unanswered()
		return nil, err // it names the address
	}
	w := newWire(c.(*net.TCPConn))
	e.meter.add(w)
	g := &greeting{wire: w, tls: tls.Client(w, e.settings.identity.dialing(peer)), side: dialing}
	if err := g.tls.HandshakeContext(ctx); err != nil {
		e.meter.drop(w)
		return nil, fmt.Errorf("%s: %w", target, err)
	}
	return g, nil
}
