package internet

import (
	"encoding/binary"
	"net/netip"
)

// Protocols of IP.
const (
	tcp = 6
	udp = 17
)

// packet is an IPv4 packet.
type packet []byte

// transport is where UDP or TCP begins; ok is false for what the internet does not carry.
func (p packet) transport() (at int, ok bool) {
	if len(p) < 20 || p[0]>>4 != 4 {
		return 0, false
	}
	at = int(p[0]&15) * 4
	fragment := binary.BigEndian.Uint16(p[6:])&0x3fff != 0
	switch p[9] {
	case udp:
		return at, !fragment && at >= 20 && len(p) >= at+8
	case tcp:
		return at, !fragment && at >= 20 && len(p) >= at+20
	}
	return 0, false
}

// flow reads who sends to whom.
func (p packet) flow() (f Flow, ok bool) {
	at, ok := p.transport()
	if !ok {
		return f, false
	}
	end := func(ip, port []byte) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte(ip)), binary.BigEndian.Uint16(port))
	}
	return Flow{Protocol: p[9], From: end(p[12:16], p[at:]), To: end(p[16:20], p[at+2:])}, true
}

// rewrite gives a packet other ends, and makes its checksums right.
func (p packet) rewrite(f Flow) {
	at, ok := p.transport()
	if !ok {
		return
	}
	from, to := f.From.Addr().As4(), f.To.Addr().As4()
	copy(p[12:], from[:])
	copy(p[16:], to[:])
	binary.BigEndian.PutUint16(p[at:], f.From.Port())
	binary.BigEndian.PutUint16(p[at+2:], f.To.Port())

	clear(p[10:12])
	binary.BigEndian.PutUint16(p[10:], ^sum(0, p[:at]))
	body := p[at:]
	check := body[16:18]
	if p[9] == udp {
		check = body[6:8]
	}
	clear(check)
	pseudo := sum(uint32(p[9])+uint32(len(body)), p[12:20])
	c := ^sum(uint32(pseudo), body)
	if c == 0 && p[9] == udp {
		c = 0xffff
	}
	binary.BigEndian.PutUint16(check, c)
}

// sum is the one's complement sum of RFC 1071.
func sum(start uint32, b []byte) uint16 {
	s := start
	for ; len(b) >= 2; b = b[2:] {
		s += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		s += uint32(b[0]) << 8
	}
	for s > 0xffff {
		s = s>>16 + s&0xffff
	}
	return uint16(s)
}
