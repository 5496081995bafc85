package quic

import (
	"net"
	"net/netip"
	"runtime"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// pathTo is the way to a peer at to whose packets reach this node at local. A socket bound to all addresses must say
// which of them to send from, or a NAT in front of the peer may not know the packets.
func (s *socket) pathTo(to *net.UDPAddr, local net.Addr) *path {
	p := &path{to: to.AddrPort()}
	bound, ok := s.LocalAddr().(*net.UDPAddr)
	from, isUDP := local.(*net.UDPAddr)
	if !ok || !isUDP || !bound.IP.IsUnspecified() || from.IP.IsUnspecified() || runtime.GOOS == "windows" {
		return p
	}
	if ip := from.IP.To4(); ip != nil {
		p.oob = (&ipv4.ControlMessage{Src: ip}).Marshal()
	} else {
		p.oob = (&ipv6.ControlMessage{Src: from.IP}).Marshal()
	}
	return p
}

// writeSealed sends one sealed packet.
func (s *socket) writeSealed(packet []byte, to *path) {
	if s.cut.Load() {
		return
	}
	_, _, err := s.out.WriteMsgUDPAddrPort(packet, to.oob, to.to)
	if err == nil {
		s.sent.Add(uint64(len(packet) + headersOf(to.to.Addr())))
	}
}

// headersOf is headers of an address of this form.
func headersOf(ip netip.Addr) int {
	if ip.Is4() || ip.Is4In6() {
		return ipv4Headers
	}
	return ipv6Headers
}
