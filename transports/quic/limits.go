package quic

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"

	"github.com/shoal-live/shoal/core/transport"
)

// limits guards the listening side against too many connections, in all and from one address.
type limits struct {
	most    int64        // connections
	open    atomic.Int64 // connections, handshakes included
	greeted atomic.Int64 // of those, links that came up

	mu      sync.Mutex
	buckets map[netip.Addr]bucket
}

// bucket holds the handshakes that one address may still begin.
type bucket struct {
	tokens float64
	at     time.Time
}

const maxBuckets = 8192

// unproved reports whether a dialing end must first prove its address by a Retry.
func (l *limits) unproved(net.Addr) bool { return l.open.Load()-l.greeted.Load() >= maxUnproved }

// admit takes or refuses a connection before its handshake. quic-go ends the context with the connection.
func (l *limits) admit(ctx context.Context, info *quic.ClientInfo) (context.Context, error) {
	if l.open.Load() >= l.most {
		return nil, fmt.Errorf("%w: %d incoming links", transport.ErrFull, l.most)
	}
	if u, ok := info.RemoteAddr.(*net.UDPAddr); ok && !l.spend(network(u.AddrPort().Addr()), time.Now()) {
		return nil, fmt.Errorf("%w: handshakes from %s", transport.ErrFull, u.IP)
	}
	l.open.Add(1)
	context.AfterFunc(ctx, func() { l.open.Add(-1) })
	return ctx, nil
}

// network is what counts as one address: an IPv4 address, or an IPv6 network of 64 bits.
func network(ip netip.Addr) netip.Addr {
	ip = ip.Unmap()
	if ip.Is6() {
		if p, err := ip.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return ip
}

// spend takes one handshake from an address's bucket. The table of buckets is bounded: when it is full, those
// that have filled up again are forgotten and, where that does not help, all are.
func (l *limits) spend(ip netip.Addr, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buckets == nil {
		l.buckets = make(map[netip.Addr]bucket)
	}
	b, known := l.buckets[ip]
	if !known {
		if len(l.buckets) >= maxBuckets {
			l.sweep(now)
		}
		b = bucket{tokens: handshakeAll, at: now}
	}
	b.tokens = min(handshakeAll, b.tokens+now.Sub(b.at).Seconds()*handshakeSec)
	b.at = now
	ok := b.tokens >= 1
	if ok {
		b.tokens--
	}
	l.buckets[ip] = b
	return ok
}

func (l *limits) sweep(now time.Time) {
	for ip, b := range l.buckets { // order-free: deletes only
		if b.tokens+now.Sub(b.at).Seconds()*handshakeSec >= handshakeAll {
			delete(l.buckets, ip)
		}
	}
	if len(l.buckets) >= maxBuckets {
		clear(l.buckets)
	}
}
