//go:build !linux

package impair

import (
	"fmt"
	"net"
)

// sender writes packets to the socket, one by one.
type sender struct{ conn *net.UDPConn }

func newSender(conn *net.UDPConn) *sender { return &sender{conn: conn} }

func (s *sender) send(round []*packet) (r result) {
	alone(s.conn, round, &r)
	return r
}

// splitControl takes out-of-band data as it is: only Linux has segments.
func splitControl(oob []byte) (c control, size int, err error) {
	if len(oob) > controlRoom {
		return c, 0, fmt.Errorf("impair: %d bytes of control messages, the limit is %d", len(oob), controlRoom)
	}
	c.length = copy(c.bytes[:], oob)
	return c, 0, nil
}
