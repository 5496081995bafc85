package main

import (
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

// targets are the "host:port" of the addresses that are of this scheme and can be dialed, at most maxTargets.
func targets(addresses []swarm.Address) []string {
	var list []string
	for _, a := range addresses {
		hostPort, ours := strings.CutPrefix(string(a), scheme+":")
		if ours && len(a) <= swarm.MaxAddress && dialable(hostPort) && !slices.Contains(list, hostPort) && len(list) < maxTargets {
			list = append(list, hostPort)
		}
	}
	return list
}

// dialable leaves out what is no host and port, and addresses that are not one host's.
func dialable(hostPort string) bool {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil || host == "" || strings.ContainsAny(host, " /\x00") {
		return false
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err != nil || !ip.IsUnspecified() && !ip.IsMulticast()
}

// hostPort is an end of a connection; an IPv4 address is written as one in every socket.
func hostPort(a net.Addr) string {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		return a.String()
	}
	p := t.AddrPort()
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port()).String()
}

func addressOf(hostPort string) swarm.Address { return swarm.Address(scheme + ":" + hostPort) }

// reachable lists how others reach a listener: its own address or, where it is bound to all, those of every interface,
// loopback last.
func reachable(bound *net.TCPAddr, interfaces []net.Addr) []swarm.Address {
	if !bound.IP.IsUnspecified() {
		return []swarm.Address{addressOf(hostPort(bound))}
	}
	var list []swarm.Address
	add := func(ip netip.Addr) {
		list = append(list, addressOf(netip.AddrPortFrom(ip, uint16(bound.Port)).String()))
	}
	for _, a := range interfaces {
		n, ok := a.(*net.IPNet)
		if !ok || len(list) == swarm.MaxAddresses-1 {
			continue
		}
		ip, ok := netip.AddrFromSlice(n.IP)
		ip = ip.Unmap()
		if ok && ip.IsGlobalUnicast() && (ip.Is4() || bound.IP.To4() == nil) {
			add(ip)
		}
	}
	add(netip.AddrFrom4([4]byte{127, 0, 0, 1}))
	return list
}

// bind opens the listener. "" is the loopback at the default port, or at any other where that is taken: whoever wants
// to be found from elsewhere says where. Errors: ErrAddress.
func (s *settings) bind(ctx context.Context) (*net.TCPListener, error) {
	listen := strings.TrimPrefix(s.listen, scheme+":")
	if listen != "" {
		return bindTo(ctx, listen)
	}
	l, err := bindTo(ctx, net.JoinHostPort("127.0.0.1", strconv.Itoa(defaultPort)))
	if err != nil {
		s.log.Warn("the default port is taken, another one is used", "port", defaultPort)
		return bindTo(ctx, "127.0.0.1:0")
	}
	return l, nil
}

func bindTo(ctx context.Context, listen string) (*net.TCPListener, error) {
	var config net.ListenConfig
	config.SetMultipathTCP(false) // its sockets tell nothing of what they queue
	l, err := config.Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("%w: listen %q: %w; choose another with listen, or \":0\" for any port", transport.ErrAddress, listen, err)
	}
	return l.(*net.TCPListener), nil
}
