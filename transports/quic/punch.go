package quic

import (
	"net"
	"net/netip"
	"time"
)

const (
	punchRounds = 4
	punchEvery  = 80 * time.Millisecond
	punchDelay  = 10 * time.Second // longer delays are cut to this
)

// punchPacket is no QUIC packet: its first two bits are 0, so every QUIC endpoint drops it unseen (RFC 9443).
var punchPacket = [...]byte{0, 's', 'h', 'o', 'a', 'l'}

// punch opens the way through a NAT of our own for the dial of others. Names are not resolved. At most maxPunches
// are under way; a further one is dropped, for it is a hint.
func (e *endpoint) punch(list []target, delay time.Duration) {
	var addrs []*net.UDPAddr
	for _, t := range list {
		if ip, err := netip.ParseAddr(t.host); err == nil {
			addrs = append(addrs, net.UDPAddrFromAddrPort(netip.AddrPortFrom(ip, t.port)))
		}
	}
	if len(addrs) == 0 {
		return
	}
	if e.punches.Add(1) > maxPunches {
		e.punches.Add(-1)
		return
	}
	err := e.spawn(func() {
		defer e.punches.Add(-1)
		timer := time.NewTimer(min(max(delay, 0), punchDelay))
		defer timer.Stop()
		for range punchRounds {
			select {
			case <-e.ctx.Done():
				return
			case <-timer.C:
			}
			for _, a := range addrs {
				_, _ = e.quic.WriteTo(punchPacket[:], a) // a hint: what cannot be sent is not missed
			}
			timer.Reset(punchEvery)
		}
	})
	if err != nil {
		e.punches.Add(-1)
	}
}
