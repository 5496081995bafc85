package internet

import (
	"net/netip"
	"time"
)

// Dependence is what a NAT's choice depends on, in the words of RFC 4787.
type Dependence uint8

// What a mapping or a filter depends on.
const (
	EndpointIndependent     Dependence = 0
	AddressDependent        Dependence = 1
	AddressAndPortDependent Dependence = 2
)

// Type is how a NAT behaves.
type Type struct {
	Mapping   Dependence // whether another destination gets another port
	Filtering Dependence // from whom packets are let in: anybody, addresses that were sent to, or address and port
}

// The types by the names that they have in homes.
var (
	FullCone       = Type{EndpointIndependent, EndpointIndependent}
	Restricted     = Type{EndpointIndependent, AddressDependent}
	PortRestricted = Type{EndpointIndependent, AddressAndPortDependent}
	Symmetric      = Type{AddressAndPortDependent, AddressAndPortDependent}
)

func (t Type) String() string {
	switch t {
	case FullCone:
		return "full cone"
	case Restricted:
		return "restricted"
	case PortRestricted:
		return "port-restricted"
	case Symmetric:
		return "symmetric"
	}
	return "unnamed"
}

// Punchable tells whether packets of two homes find a way to one another once both have sent some to where they know
// each other, without guessing ports.
func Punchable(a, b Type) bool {
	return lets(a, b) || lets(b, a)
}

// lets tells whether a packet that b's home sends first, from whatever port, comes in at a's known port.
func lets(a, b Type) bool {
	if a.Mapping != EndpointIndependent {
		return false // b does not know the port
	}
	return b.Mapping == EndpointIndependent || a.Filtering != AddressAndPortDependent
}

const (
	udpSilence = 30 * time.Second // without a packet from inside, after which a mapping is forgotten
	tcpSilence = time.Hour
)

// Flow is who sends to whom.
type Flow struct {
	Protocol uint8 // of IP
	From, To netip.AddrPort
}

// NAT translates the packets of a home. It is not safe for concurrent use.
type NAT struct {
	kind     Type
	public   netip.Addr
	next     uint16
	mappings map[Flow]*mapping // by the sender inside, and as much of the destination as it depends on
	ports    map[outside]*mapping
}

type outside struct {
	protocol uint8
	port     uint16
}

// mapping is a port of the NAT that stands for a socket inside.
type mapping struct {
	key    Flow
	inside netip.AddrPort
	port   uint16
	last   time.Duration                    // something left by it
	sentTo map[netip.AddrPort]time.Duration // as much of the destination as filtering depends on
}

// NewNAT makes a NAT with one public address.
func NewNAT(kind Type, public netip.Addr) *NAT {
	return &NAT{
		kind: kind, public: public, next: 40000,
		mappings: make(map[Flow]*mapping), ports: make(map[outside]*mapping),
	}
}

// part is as much of an address as something depends on.
func part(a netip.AddrPort, d Dependence) netip.AddrPort {
	switch d {
	case EndpointIndependent:
	case AddressDependent:
		return netip.AddrPortFrom(a.Addr(), 0)
	case AddressAndPortDependent:
		return a
	}
	return netip.AddrPort{}
}

// Out translates what leaves the home at the time now, counted from anywhere.
func (n *NAT) Out(f Flow, now time.Duration) Flow {
	key := Flow{f.Protocol, f.From, part(f.To, n.kind.Mapping)}
	m := n.mappings[key]
	if m == nil || m.stale(f.Protocol, now) {
		if m != nil {
			delete(n.ports, outside{f.Protocol, m.port})
		}
		m = &mapping{key: key, inside: f.From, port: n.free(f.Protocol), sentTo: make(map[netip.AddrPort]time.Duration)}
		n.mappings[key] = m
		n.ports[outside{f.Protocol, m.port}] = m
	}
	m.last = now
	m.sentTo[part(f.To, n.kind.Filtering)] = now
	f.From = netip.AddrPortFrom(n.public, m.port)
	return f
}

// In translates what comes to the home. ok is false for what is not let in.
func (n *NAT) In(f Flow, now time.Duration) (_ Flow, ok bool) {
	m := n.ports[outside{f.Protocol, f.To.Port()}]
	if m == nil || m.stale(f.Protocol, now) {
		return f, false
	}
	sent, ok := m.sentTo[part(f.From, n.kind.Filtering)]
	if !ok || now-sent > silence(f.Protocol) {
		return f, false
	}
	f.To = m.inside
	return f, true
}

// free is a port that no mapping has: never that of the socket inside, so that nobody gets through by luck.
func (n *NAT) free(protocol uint8) uint16 {
	for {
		n.next = max(n.next+1, 40000)
		if n.ports[outside{protocol, n.next}] == nil {
			return n.next
		}
	}
}

func (m *mapping) stale(protocol uint8, now time.Duration) bool {
	return now-m.last > silence(protocol)
}

func silence(protocol uint8) time.Duration {
	if protocol == udp {
		return udpSilence
	}
	return tcpSilence
}
