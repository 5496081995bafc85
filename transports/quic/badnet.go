package quic

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/transports/quic/impair"
)

// drainTime bounds how long the end waits for packets that are still on their way through an impaired outlet.
const drainTime = 500 * time.Millisecond

// outlet is where the packets of conn leave, which it owns from now on. As in core/sim, jitter lets chunk frames overtake
// one another, where they are sealed packets, and keeps everything of QUIC in order.
func (t *Transport) outlet(conn *net.UDPConn) (outlet, error) {
	s := &t.settings
	if s.impair.Off() {
		return conn, nil
	}
	s.log.Warn("the network is impaired on purpose", "impair", s.impair.String())
	return impair.New(conn, impair.Options{
		Config:  s.impair,
		Salt:    binary.BigEndian.Uint64(t.identity.id[:]),
		Ordered: func(packet []byte) bool { return !isSealed(packet) },
	})
}

// impaired is the outlet where it impairs.
func (s *socket) impaired() (*impair.Conn, bool) {
	c, ok := s.out.(*impair.Conn)
	return c, ok
}

// Impair changes how bad the network is, from now on and for links that are up as well; see impair.Conn.Change. Only a
// transport that was given param "impair" can: another's socket is quic-go's own. One that is to begin well has an uplink
// that nobody fills, as in "uplink=100G".
// Errors: ErrUnimpaired; impair.ErrConfig; ErrClosed before Run and after it.
func (t *Transport) Impair(cfg impair.Config) error {
	e := t.live.Load()
	if e == nil {
		return transport.ErrClosed
	}
	c, ok := e.socket.impaired()
	if !ok {
		return fmt.Errorf("transports/quic: impair by %q: %w", cfg, ErrUnimpaired)
	}
	switch err := c.Change(cfg); {
	case errors.Is(err, net.ErrClosed):
		return transport.ErrClosed
	case err != nil:
		return fmt.Errorf("transports/quic: impair: %w", err)
	}
	return nil
}

// Impairment counts what became of packets on an impaired socket. It answers false where the socket is not, before Run and
// after it.
func (t *Transport) Impairment() (impair.Stats, bool) {
	e := t.live.Load()
	if e == nil {
		return impair.Stats{}, false
	}
	c, ok := e.socket.impaired()
	if !ok {
		return impair.Stats{}, false
	}
	return c.Stats(), true
}

// Cut is the death of the machine, for trials: from now on, and for good, nothing is sent and nothing that comes is looked
// at. Peers learn of it by silence alone: there are no farewells when Run ends, and the port stays bound until then, so end it
// after they have noticed (within 3.5 s). This end's links go down as silent ones. What was sent before is on its way and
// arrives. Before Run it is as good as later.
func (t *Transport) Cut() { t.cut.Store(true) }

// isSealed reports whether a packet has the form of a sealed one.
func isSealed(packet []byte) bool {
	_, sealed := peekTag(packet)
	return sealed
}

// drain lets an impaired outlet send what it holds, the farewells of links above all: a network would deliver them after
// the node has gone.
func (s *socket) drain() {
	c, ok := s.impaired()
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	_ = c.Drain(ctx) // what has not left by then is lost, as it may be anywhere
}
