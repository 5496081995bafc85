package bridge

import (
	"fmt"
	"maps"
	"time"

	pb "github.com/shoal-live/shoal/api/plugin/v1"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// eventOf is an event as it travels, in a CarryResponse.
func eventOf(e transport.Event) *pb.CarryResponse {
	switch e := e.(type) {
	case transport.Up:
		return &pb.CarryResponse{Response: &pb.CarryResponse_Up{Up: &pb.UpEvent{
			Link: uint64(e.Link), Peer: e.Peer[:], Dialed: e.Dialed, Address: toValid(string(e.Address)),
			Observed: toValid(string(e.Observed)), MaxChunk: uint32(e.MaxChunk),
		}}}
	case transport.Down:
		return &pb.CarryResponse{Response: &pb.CarryResponse_Down{Down: &pb.DownEvent{Link: uint64(e.Link), Cause: failureOf(e.Cause)}}}
	case transport.DialFailed:
		return &pb.CarryResponse{Response: &pb.CarryResponse_DialFailed{DialFailed: &pb.DialFailedEvent{Peer: e.Peer[:], Cause: failureOf(e.Cause)}}}
	case transport.Writable:
		return &pb.CarryResponse{Response: &pb.CarryResponse_Writable{Writable: &pb.WritableEvent{Links: numbersOf(e.Links)}}}
	case transport.Full:
		return &pb.CarryResponse{Response: &pb.CarryResponse_Full{Full: &pb.FullEvent{Link: uint64(e.Link), Token: e.Token}}}
	case transport.Measured:
		return &pb.CarryResponse{Response: &pb.CarryResponse_Measured{Measured: &pb.MeasuredEvent{
			Link: uint64(e.Link), Rtt: int64(e.RTT), Lost: e.Lost, MaxChunk: uint32(e.MaxChunk),
		}}}
	case transport.Usage:
		return &pb.CarryResponse{Response: &pb.CarryResponse_Usage{Usage: &pb.UsageEvent{Sent: e.Sent, Received: e.Received}}}
	case transport.SignalOut:
		return &pb.CarryResponse{Response: &pb.CarryResponse_Signal{Signal: &pb.SignalEvent{Peer: e.Peer[:], Data: e.Data}}}
	case transport.Observed:
		return &pb.CarryResponse{Response: &pb.CarryResponse_Observed{Observed: &pb.ObservedEvent{Addresses: textsOf(e.Addresses)}}}
	}
	return nil
}

func numbersOf(links []transport.LinkID) []uint64 {
	out := make([]uint64, len(links))
	for i, l := range links {
		out[i] = uint64(l)
	}
	return out
}

func linksOf(numbers []uint64) []transport.LinkID {
	out := make([]transport.LinkID, len(numbers))
	for i, n := range numbers {
		out[i] = transport.LinkID(n)
	}
	return out
}

// peerOf reads a public key.
func peerOf(b []byte) (p swarm.PeerID, err error) {
	if len(b) != len(p) {
		return p, fmt.Errorf("%w: a peer of %d bytes", errWire, len(b))
	}
	copy(p[:], b)
	return p, nil
}

// addressesOf reads at most swarm.MaxAddresses addresses; longer ones are passed over.
func addressesOf(list []string) []swarm.Address {
	var out []swarm.Address
	for _, a := range list {
		if len(a) <= swarm.MaxAddress && len(out) < swarm.MaxAddresses {
			out = append(out, swarm.Address(a))
		}
	}
	return out
}

func textsOf(list []swarm.Address) []string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = toValid(string(a))
	}
	return out
}

// paramsOf is a copy of params that protobuf takes.
func paramsOf(params map[string]string) map[string]string {
	out := maps.Clone(params)
	for k, v := range params { // order-free: each entry on its own
		if key := toValid(k); key != k {
			delete(out, k)
			out[key] = toValid(v)
			continue
		}
		out[k] = toValid(v)
	}
	return out
}

// capabilitiesOf reads what a transport can do.
func capabilitiesOf(o *pb.TransportOpened) (transport.Capabilities, error) {
	c := transport.Capabilities{
		Scheme:   o.GetScheme(),
		MaxChunk: int(o.GetMaxChunk()),
		Overhead: int(o.GetOverhead()),
	}
	if o.GetRepairs() {
		c.Repairs = transport.RepairsAll
	}
	if o.GetSignals() {
		c.Signals = transport.NeedsSignals
	}
	switch {
	case c.Scheme == "" || len(c.Scheme) > 32:
		return c, fmt.Errorf("%w: scheme %q", errWire, cut(c.Scheme, 40))
	case c.MaxChunk < 1 || c.MaxChunk > swarm.MaxControlFrame:
		return c, fmt.Errorf("%w: chunk frames of %d bytes", errWire, c.MaxChunk)
	case c.Overhead > 1<<16:
		return c, fmt.Errorf("%w: overhead of %d bytes", errWire, c.Overhead)
	}
	return c, nil
}

func openedOf(c transport.Capabilities) *pb.TransportOpened {
	return &pb.TransportOpened{
		Scheme:   toValid(c.Scheme),
		MaxChunk: uint32(c.MaxChunk),
		Overhead: uint32(c.Overhead),
		Repairs:  c.Repairs == transport.RepairsAll,
		Signals:  c.Signals == transport.NeedsSignals,
	}
}

func durationOf(n int64) time.Duration { return time.Duration(max(n, 0)) }

// firstAddress is an address, "" when it is too long.
func firstAddress(s string) swarm.Address {
	if len(s) > swarm.MaxAddress {
		return ""
	}
	return swarm.Address(s)
}
