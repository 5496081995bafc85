package quic

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// A call is the signal that goes with a dial: "I dial you from these addresses". Whoever gets it opens its own NAT towards them,
// and dials back when the caller has not come through by then: where the NAT of the called end has another port for every
// destination, only packets that it sends first find a way.
//
//	kind       1 byte  1
//	addresses  text    "host:port", separated by spaces, at most maxTargets
const (
	callKind = 1
	maxCall  = 512 // bytes
	callBack = 500 * time.Millisecond
)

func encodeCall(from []netip.AddrPort) []byte {
	b := []byte{callKind}
	for i, a := range from {
		if i > 0 {
			b = append(b, ' ')
		}
		b = a.AppendTo(b)
	}
	return b
}

// parseCall reads a call, and leaves out what does not lie beyond a NAT: nobody is to be sent to a machine of this network.
func parseCall(b []byte) []netip.AddrPort {
	if len(b) == 0 || len(b) > maxCall || b[0] != callKind {
		return nil
	}
	var list []netip.AddrPort
	for text := range strings.FieldsSeq(string(b[1:])) {
		a, err := netip.ParseAddrPort(text)
		if err == nil && a.Port() != 0 && global(a.Addr()) && !slices.Contains(list, a) && len(list) < maxTargets {
			list = append(list, a)
		}
	}
	return list
}

// global tells the addresses that can be reached from everywhere, if a NAT allows it.
func global(ip netip.Addr) bool {
	ip = ip.Unmap()
	return reachable(ip) && ip.IsGlobalUnicast() && !ip.IsPrivate()
}

// calling counts the dials of a peer, who is told of the first of them.
func (e *endpoint) calling(peer swarm.PeerID, more int) {
	e.mu.Lock()
	before := e.dialed[peer]
	if e.dialed[peer] += more; e.dialed[peer] == 0 {
		delete(e.dialed, peer)
	}
	e.mu.Unlock()
	if before == 0 {
		e.call(peer)
	}
}

// recall tells those who are being dialed of addresses that were not known when the dials began.
func (e *endpoint) recall() {
	e.mu.Lock()
	peers := slices.Collect(maps.Keys(e.dialed)) // order-free: each gets the same
	e.mu.Unlock()
	for _, p := range peers {
		e.call(p)
	}
}

// call tells a peer that it is dialed, and from where, if that is not on their own network.
func (e *endpoint) call(peer swarm.PeerID) {
	var from []netip.AddrPort
	for _, a := range slices.Concat(e.seen(), e.own) {
		if global(a.Addr()) && len(from) < maxTargets {
			from = append(from, a)
		}
	}
	if len(from) > 0 {
		e.sink.Event(transport.SignalOut{Peer: peer, Data: encodeCall(from)})
	}
}

// called answers a peer's call.
func (e *endpoint) called(peer swarm.PeerID, from []netip.AddrPort) {
	e.punch(from, 0, func() {
		if e.linked(peer) {
			return
		}
		ctx, cancel := context.WithTimeout(e.ctx, dialTimeout)
		l, err := e.reach(ctx, peer, from)
		cancel()
		if err == nil {
			l.serve()
		}
	})
}

// seen are the addresses at which others see this end.
func (e *endpoint) seen() []netip.AddrPort {
	if list := e.outside.Load(); list != nil {
		return *list
	}
	return nil
}

// linked tells whether there is a link with a peer.
func (e *endpoint) linked(peer swarm.PeerID) bool {
	for _, l := range *e.links.Load() { // order-free: looks for one
		if l.peer == peer {
			return true
		}
	}
	return false
}
