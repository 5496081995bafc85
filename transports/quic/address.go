package quic

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// target is where an address points: a host, to be resolved or not, and a port.
type target struct {
	host string
	port uint16
}

// parseTarget reads "quic:host:port". Nobody can be reached at port 0, at all hosts or at none.
func parseTarget(a swarm.Address) (target, bool) {
	rest, ok := strings.CutPrefix(string(a), scheme+":")
	if !ok || len(a) > swarm.MaxAddress {
		return target{}, false
	}
	host, port, err := net.SplitHostPort(rest)
	if err != nil || host == "" || strings.ContainsAny(host, " /\x00") {
		return target{}, false
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || n == 0 {
		return target{}, false
	}
	if ip, err := netip.ParseAddr(host); err == nil && !reachable(ip) {
		return target{}, false
	}
	return target{host: host, port: uint16(n)}, true
}

// reachable leaves out addresses that are not one host's.
func reachable(ip netip.Addr) bool {
	return ip.IsValid() && !ip.IsUnspecified() && !ip.IsMulticast() && ip != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// targets are the addresses of this scheme, at most maxTargets.
func targets(addresses []swarm.Address) []target {
	var list []target
	for _, a := range addresses {
		if t, ok := parseTarget(a); ok && !slices.Contains(list, t) && len(list) < maxTargets {
			list = append(list, t)
		}
	}
	return list
}

// resolve turns targets into sockets' addresses, in order. A name that cannot be resolved is passed over; err tells
// of the last one where nothing is left.
func resolve(ctx context.Context, list []target) (addrs []netip.AddrPort, err error) {
	for _, t := range list {
		ips, lookupErr := net.DefaultResolver.LookupNetIP(ctx, "ip", t.host)
		if lookupErr != nil {
			err = fmt.Errorf("%w: %s: %w", transport.ErrAddress, t.host, lookupErr)
			continue
		}
		for _, ip := range ips {
			a := netip.AddrPortFrom(ip.Unmap(), t.port)
			if reachable(a.Addr()) && !slices.Contains(addrs, a) && len(addrs) < maxTargets {
				addrs = append(addrs, a)
			}
		}
	}
	if len(addrs) > 0 {
		return addrs, nil
	}
	if err == nil {
		err = fmt.Errorf("%w: nothing to dial", transport.ErrAddress)
	}
	return nil, err
}

// nearest puts the addresses of one peer in the order in which they are to be tried: those that can be reached from everywhere,
// those of a private network, those of a machine. A peer that is seen at an address of outside, as this node is, sits behind the
// same NAT, and few of them let packets turn round: the private network comes first.
func nearest(addrs, outside []netip.AddrPort) {
	together := slices.ContainsFunc(addrs, func(a netip.AddrPort) bool {
		return slices.ContainsFunc(outside, func(o netip.AddrPort) bool { return o.Addr() == a.Addr() })
	})
	rank := func(a netip.AddrPort) int {
		switch ip := a.Addr(); {
		case ip.IsLoopback():
			return 2
		case global(ip) == together:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(addrs, func(a, b netip.AddrPort) int { return cmp.Compare(rank(a), rank(b)) })
}

// addressOf names a socket's address.
func addressOf(a net.Addr) swarm.Address {
	return swarm.Address(scheme + ":" + hostPort(a))
}

// hostPort is a socket's address without the scheme; an IPv4 address is written as one in every socket.
func hostPort(a net.Addr) string {
	u, ok := a.(*net.UDPAddr)
	if !ok {
		return a.String()
	}
	p := u.AddrPort()
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port()).String()
}

// dialable lists how others reach a socket: its own address or, where it is bound to all, those of every
// interface, IPv4 first and loopback last.
func dialable(bound *net.UDPAddr, interfaces func() ([]net.Addr, error)) []swarm.Address {
	if !bound.IP.IsUnspecified() {
		return []swarm.Address{addressOf(bound)}
	}
	var v4, v6, loopback []netip.Addr
	list, err := interfaces()
	if err != nil {
		list = nil // loopback remains
	}
	for _, a := range list {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		ip, ok := netip.AddrFromSlice(n.IP)
		ip = ip.Unmap()
		switch {
		case !ok || !reachable(ip) || ip.IsLinkLocalUnicast() || ip.IsLoopback():
		case ip.Is4():
			v4 = append(v4, ip)
		case bound.IP.To4() == nil:
			v6 = append(v6, ip)
		}
	}
	loopback = append(loopback, netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	all := append(v4, v6...)
	all = append(all[:min(len(all), swarm.MaxAddresses-1)], loopback...)
	addresses := make([]swarm.Address, 0, len(all))
	for _, ip := range all {
		addresses = append(addresses, swarm.Address(scheme+":"+netip.AddrPortFrom(ip, uint16(bound.Port)).String()))
	}
	return addresses
}

// bind opens the socket. "" is the default port where that is free, and any other one otherwise; an address that was
// asked for is that or an error.
func (s *settings) bind() (*net.UDPConn, error) {
	listen := strings.TrimPrefix(s.listen, scheme+":")
	if listen != "" {
		return bindTo(listen)
	}
	c, err := bindTo(":" + strconv.Itoa(defaultPort))
	if err != nil {
		s.log.Warn("the default port is taken, another one is used", "port", defaultPort)
		return bindTo(":0")
	}
	return c, nil
}

func bindTo(listen string) (*net.UDPConn, error) {
	fail := func(err error) error {
		return fmt.Errorf("transports/quic: %w: listen %q: %w; choose another with listen, or \":0\" for any port",
			transport.ErrAddress, listen, err)
	}
	addr, err := net.ResolveUDPAddr("udp", listen)
	if err != nil {
		return nil, fail(err)
	}
	c, err := net.ListenUDP("udp", addr)
	if err != nil {
		return nil, fail(err)
	}
	return c, nil
}
