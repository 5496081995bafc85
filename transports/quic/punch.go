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

// addressesOf are targets that are no names, for these are not resolved.
func addressesOf(list []target) []netip.AddrPort {
	var addrs []netip.AddrPort
	for _, t := range list {
		if ip, err := netip.ParseAddr(t.host); err == nil {
			addrs = append(addrs, netip.AddrPortFrom(ip, t.port))
		}
	}
	return addrs
}

// punch opens the way through a NAT of our own for the dial of others, and calls then, unless that is nil, callBack after it has
// begun. At most maxPunches are under way; a further one is dropped, for it is a hint.
func (e *endpoint) punch(list []netip.AddrPort, delay time.Duration, then func()) {
	if len(list) == 0 {
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
		wait := func() bool {
			select {
			case <-e.ctx.Done():
				return false
			case <-timer.C:
				return true
			}
		}
		for range punchRounds {
			if !wait() {
				return
			}
			for _, a := range list {
				_, _ = e.quic.WriteTo(punchPacket[:], net.UDPAddrFromAddrPort(a)) // a hint: what cannot be sent is not missed
			}
			timer.Reset(punchEvery)
		}
		if then == nil {
			return
		}
		if timer.Reset(callBack - punchRounds*punchEvery); wait() {
			_ = e.spawn(then) // it may last as long as a link
		}
	})
	if err != nil {
		e.punches.Add(-1)
	}
}
