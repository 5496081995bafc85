package main

import (
	"fmt"
	"net/netip"
	"sync"

	"github.com/shoal-live/shoal/core/transport"
)

// door bounds what strangers can make a node do: handshakes under way, in all and of one address, and links.
type door struct {
	most int // links, handshakes included

	mu      sync.Mutex
	inside  int
	shaking int
	from    map[netip.Addr]int // handshakes under way
}

// enter begins a handshake; shaken must follow, and leave. Errors: ErrFull.
func (d *door) enter(ip netip.Addr) error {
	ip = network(ip)
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.inside >= d.most:
		return fmt.Errorf("%w: %d incoming links", transport.ErrFull, d.inside)
	case d.shaking >= maxShaking:
		return fmt.Errorf("%w: %d handshakes are under way", transport.ErrFull, d.shaking)
	case d.from[ip] >= maxShakingOfOne:
		return fmt.Errorf("%w: %d handshakes of one address are under way", transport.ErrFull, d.from[ip])
	}
	if d.from == nil {
		d.from = make(map[netip.Addr]int)
	}
	d.inside++
	d.shaking++
	d.from[ip]++
	return nil
}

// shaken ends a handshake.
func (d *door) shaken(ip netip.Addr) {
	ip = network(ip)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.shaking--
	if d.from[ip]--; d.from[ip] == 0 {
		delete(d.from, ip)
	}
}

// leave ends a link, or what did not become one.
func (d *door) leave() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.inside--
}

// network is what counts as one address: an IPv4 address, or the 64 bits of IPv6 that one customer is given.
func network(ip netip.Addr) netip.Addr {
	ip = ip.Unmap().WithZone("")
	if p, err := ip.Prefix(64); err == nil && ip.Is6() {
		return p.Addr()
	}
	return ip
}
