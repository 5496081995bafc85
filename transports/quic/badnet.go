package quic

import (
	"context"
	"encoding/binary"
	"net"
	"time"

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

// isSealed reports whether a packet has the form of a sealed one.
func isSealed(packet []byte) bool {
	_, sealed := peekTag(packet)
	return sealed
}

// drain lets an impaired outlet send what it holds, the farewells of links above all: a network would deliver them after
// the node has gone.
func (s *socket) drain() {
	c, ok := s.out.(*impair.Conn)
	if !ok {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), drainTime)
	defer cancel()
	_ = c.Drain(ctx) // what has not left by then is lost, as it may be anywhere
}
