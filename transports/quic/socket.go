package quic

import (
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"golang.org/x/net/ipv4"
)

// socket is the node's UDP socket. It has all that quic-go wants in order to keep its fast path (batched reads,
// segmentation offload, ECN), counts wire bytes, tells links when their packets have left, and keeps sealed packets
// to itself.
type socket struct {
	*net.UDPConn
	out     outlet
	in      intake
	deliver func([]sealedPacket) // what to do with sealed packets; they are used up when it returns
	cut     *atomic.Bool         // nothing leaves, and what comes is not looked at

	sent, received atomic.Uint64 // wire bytes, IP and UDP headers included

	// links by the address that their connection writes to. quic-go keeps one *net.UDPAddr for as long as a
	// connection stays on its path, so the pointer names the connection.
	links sync.Map // *net.UDPAddr -> *link
	tags  sync.Map // uint32 -> *link, of sealed packets
}

// outlet is where packets leave: the socket itself, or one that impairs them.
type outlet interface {
	WriteMsgUDP(b, oob []byte, addr *net.UDPAddr) (n, oobn int, err error)
	WriteMsgUDPAddrPort(b, oob []byte, addr netip.AddrPort) (n, oobn int, err error)
	WriteTo(b []byte, addr net.Addr) (int, error)
	Close() error
}

// newSocket makes a node's socket of one whose packets leave at out, which owns it, until cut is set.
func newSocket(c *net.UDPConn, out outlet, cut *atomic.Bool) *socket {
	s := &socket{UDPConn: c, out: out, cut: cut}
	s.in.init(c)
	return s
}

// Close closes the outlet, and with it the socket.
func (s *socket) Close() error { return s.out.Close() }

// headers are those of one packet to or from addr, in bytes.
func headers(addr net.Addr) int {
	if u, ok := addr.(*net.UDPAddr); ok && u.IP.To4() == nil {
		return ipv6Headers
	}
	return ipv4Headers
}

// packets is how many leave for one write of n bytes: with segmentation offload the kernel cuts it into full packets
// and a last one.
func packets(n int) int { return max(1, (n+packetSize-1)/packetSize) }

// WriteMsgUDP is what quic-go sends with on Unix.
func (s *socket) WriteMsgUDP(b, oob []byte, addr *net.UDPAddr) (n, oobn int, err error) {
	if s.cut.Load() {
		return len(b), len(oob), nil
	}
	n, oobn, err = s.out.WriteMsgUDP(b, oob, addr)
	if err == nil {
		s.wrote(len(b), addr)
	}
	return n, oobn, err
}

// WriteTo is what quic-go sends with elsewhere.
func (s *socket) WriteTo(b []byte, addr net.Addr) (int, error) {
	if s.cut.Load() {
		return len(b), nil
	}
	n, err := s.out.WriteTo(b, addr)
	if u, ok := addr.(*net.UDPAddr); ok && err == nil {
		s.wrote(len(b), u)
	}
	return n, err
}

func (s *socket) wrote(n int, addr *net.UDPAddr) {
	count := packets(n)
	s.sent.Add(uint64(n + count*headers(addr)))
	v, ok := s.links.Load(addr)
	if !ok {
		return
	}
	l := v.(*link)
	for ; n > 0; n -= packetSize {
		l.packetLeft(min(n, packetSize))
	}
}

// ReadBatch is what quic-go receives with on Unix. It returns QUIC packets alone.
func (s *socket) ReadBatch(messages []ipv4.Message, flags int) (int, error) {
	for {
		if n := s.in.give(messages); n > 0 && !s.cut.Load() {
			return n, nil
		}
		bytes, err := s.in.read(flags)
		if err != nil {
			return 0, err
		}
		if s.cut.Load() {
			continue
		}
		s.received.Add(bytes)
		if sealed := s.in.sort(); len(sealed) > 0 {
			s.deliver(sealed)
		}
	}
}

// ReadMsgUDP belongs to the interface that ReadBatch does; quic-go does not call it.
func (s *socket) ReadMsgUDP(b, oob []byte) (n, oobn, flags int, addr *net.UDPAddr, err error) {
	n, oobn, flags, addr, err = s.UDPConn.ReadMsgUDP(b, oob)
	if err == nil {
		s.received.Add(uint64(n + headers(addr)))
	}
	return n, oobn, flags, addr, err
}

// ReadFrom is what quic-go receives with elsewhere. It returns QUIC packets alone.
func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, addr, err := s.UDPConn.ReadFrom(b)
		if err != nil {
			return n, addr, err
		}
		if s.cut.Load() {
			continue
		}
		s.received.Add(uint64(n + headers(addr)))
		tag, ok := peekTag(b[:n])
		if !ok {
			return n, addr, nil
		}
		s.deliver([]sealedPacket{{tag, b[:n]}})
	}
}
