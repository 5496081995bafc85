package quic

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/pion/stun/v3"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

const (
	mirrorScheme = "stun"
	mirrorEvery  = 20 * time.Second       // NATs forget what is silent for 30 s
	mirrorFirst  = 200 * time.Millisecond // patience with an answer; it doubles with every try
	mirrorTries  = 4
)

// mirrors are the STUN servers among addresses, at most maxTargets.
func mirrors(addresses []swarm.Address) []target {
	var list []swarm.Address
	for _, a := range addresses {
		if rest, ok := strings.CutPrefix(string(a), mirrorScheme+":"); ok {
			list = append(list, swarm.Address(scheme+":"+rest))
		}
	}
	return targets(list)
}

// look has STUN servers asked from now on, instead of those before.
func (e *endpoint) look(servers []target) {
	for {
		select {
		case e.mirrors <- servers:
			e.looking.Do(func() { _ = e.spawn(e.mirror) }) // an endpoint that ends looks no more
			return
		case <-e.mirrors: // nobody has taken those
		}
	}
}

// mirror asks STUN servers (RFC 8489) how they see the socket, tells when that changes, and thereby keeps the NAT's mapping
// alive while there is no link. A server that is silent changes nothing.
func (e *endpoint) mirror() {
	var servers []target
	again := time.NewTicker(mirrorEvery)
	defer again.Stop()
	for {
		select {
		case <-e.ctx.Done():
			return
		case servers = <-e.mirrors:
		case <-again.C:
		}
		addrs, err := resolve(e.ctx, servers)
		if err != nil {
			e.t.settings.log.Debug("STUN servers", "cause", err)
			continue
		}
		if seen := e.reflect(addrs); len(seen) > 0 {
			e.observed(seen)
		}
	}
}

// reflect asks servers until all have answered or patience ends.
func (e *endpoint) reflect(servers []netip.AddrPort) []netip.AddrPort {
	request, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.Fingerprint)
	if err != nil {
		return nil // without random numbers
	}
	answers := make(map[netip.AddrPort]netip.AddrPort, len(servers))
	for try := range mirrorTries {
		for _, s := range servers {
			if _, ok := answers[s]; !ok {
				_, _ = e.quic.WriteTo(request.Raw, net.UDPAddrFromAddrPort(s)) // asked again if it is lost
			}
		}
		e.hear(mirrorFirst<<try, request.TransactionID, func(from, seen netip.AddrPort) (all bool) {
			if slices.Contains(servers, from) {
				answers[from] = seen
			}
			return len(answers) == len(servers)
		})
		if len(answers) == len(servers) {
			break
		}
	}
	var list []netip.AddrPort
	for _, s := range servers {
		if a, ok := answers[s]; ok && !slices.Contains(list, a) {
			list = append(list, a)
		}
	}
	return list
}

// hear takes answers for some time, or until take has all.
func (e *endpoint) hear(patience time.Duration, to [stun.TransactionIDSize]byte, take func(from, seen netip.AddrPort) (all bool)) {
	ctx, cancel := context.WithTimeout(e.ctx, patience)
	defer cancel()
	buf := make([]byte, packetSize)
	for {
		n, from, err := e.quic.ReadNonQUICPacket(ctx, buf)
		if err != nil {
			return
		}
		answer := &stun.Message{Raw: slices.Clone(buf[:n])}
		var mapped stun.XORMappedAddress
		if !stun.IsMessage(buf[:n]) || answer.Decode() != nil || answer.TransactionID != to || mapped.GetFrom(answer) != nil {
			continue // punches of others
		}
		sender, ok := from.(*net.UDPAddr)
		ip, valid := netip.AddrFromSlice(mapped.IP)
		if !ok || !valid || !reachable(ip.Unmap()) {
			continue
		}
		if take(unmapped(sender.AddrPort()), netip.AddrPortFrom(ip.Unmap(), uint16(mapped.Port))) {
			return
		}
	}
}

// observed takes how servers see the socket. A NAT with another port for every destination is told once an address:
// nobody can dial that port, but others can let in what comes from the address.
func (e *endpoint) observed(seen []netip.AddrPort) {
	var list []netip.AddrPort
	for _, a := range seen {
		if !slices.Contains(e.own, a) && !slices.ContainsFunc(list, func(b netip.AddrPort) bool { return b.Addr() == a.Addr() }) {
			list = append(list, a)
		}
	}
	if old := e.outside.Load(); old == nil && len(list) == 0 || old != nil && slices.Equal(*old, list) {
		return
	}
	e.outside.Store(&list)
	addresses := make([]swarm.Address, len(list))
	for i, a := range list {
		addresses[i] = swarm.Address(scheme + ":" + a.String())
	}
	e.t.settings.log.Debug("seen from outside", "addresses", addresses, "by_all_servers", seen)
	e.sink.Event(transport.Observed{Addresses: addresses})
	e.recall()
}

// unmapped writes an IPv4 address as one.
func unmapped(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
