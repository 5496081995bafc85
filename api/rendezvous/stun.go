package rendezvous

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/pion/stun/v3"
)

// STUNLimit is how many STUN answers a second a socket gives to one address, with a burst of twice as many; more are dropped,
// so that forged requests cannot be aimed at somebody.
const STUNLimit = 50

// ServeSTUN answers STUN binding requests (RFC 8489) on conns until ctx ends, and closes them. Two of them on different ports let a
// client tell whether its NAT keeps one mapping for all destinations. Errors: what a socket answered that serves no longer.
func ServeSTUN(ctx context.Context, conns ...net.PacketConn) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var group sync.WaitGroup
	errs := make([]error, len(conns))
	for i, c := range conns {
		group.Go(func() {
			defer stop()
			errs[i] = serveSTUN(ctx, c)
		})
	}
	<-ctx.Done()
	for _, c := range conns {
		_ = c.Close() // the reader sees it
	}
	group.Wait()
	return errors.Join(errs...)
}

// serveSTUN answers on one socket until it is closed.
func serveSTUN(ctx context.Context, c net.PacketConn) error {
	const fatal = 100 // errors in a row; one alone may be the ICMP answer to something sent
	limits := make(map[netip.Addr]*bucket)
	buf := make([]byte, 1500)
	for failed := 0; ; {
		n, from, err := c.ReadFrom(buf)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			if failed++; failed == fatal || errors.Is(err, net.ErrClosed) {
				return fmt.Errorf("STUN on %s: %w", c.LocalAddr(), err)
			}
			continue
		}
		failed = 0
		addr, ok := from.(*net.UDPAddr)
		if !ok || !stun.IsMessage(buf[:n]) {
			continue
		}
		if len(limits) > 10_000 {
			clear(limits) // forgetting everybody now and then is cheaper than a list of all
		}
		ip := addr.AddrPort().Addr().Unmap()
		b := limits[family(ip)]
		if b == nil {
			b = &bucket{}
			limits[family(ip)] = b
		}
		if !b.take(time.Now(), STUNLimit, 2*STUNLimit) {
			continue
		}
		if reply := answerSTUN(buf[:n], addr); reply != nil {
			_, _ = c.WriteTo(reply, from) // a lost answer is asked for again
		}
	}
}

// answerSTUN is the answer to a binding request, nil when data is none.
func answerSTUN(data []byte, from *net.UDPAddr) []byte {
	request := &stun.Message{Raw: append([]byte(nil), data...)}
	if request.Decode() != nil || request.Type != stun.BindingRequest {
		return nil
	}
	reply, err := stun.Build(request, stun.BindingSuccess, &stun.XORMappedAddress{IP: from.IP, Port: from.Port}, stun.Fingerprint)
	if err != nil {
		return nil
	}
	return reply.Raw
}

// Observe asks a STUN server which address conn has as seen from there, three times at most. Errors: what went wrong last.
func Observe(ctx context.Context, conn net.PacketConn, server net.Addr) (*net.UDPAddr, error) {
	request, err := stun.Build(stun.TransactionID, stun.BindingRequest, stun.Fingerprint)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.SetReadDeadline(time.Time{}) }()
	buf := make([]byte, 1500)
	for try := range 3 {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if _, err = conn.WriteTo(request.Raw, server); err != nil {
			return nil, err
		}
		if err = conn.SetReadDeadline(time.Now().Add(200 * time.Millisecond << try)); err != nil {
			return nil, err
		}
		for {
			var n int
			if n, _, err = conn.ReadFrom(buf); err != nil {
				break
			}
			answer := &stun.Message{Raw: append([]byte(nil), buf[:n]...)}
			var mapped stun.XORMappedAddress
			if answer.Decode() == nil && answer.TransactionID == request.TransactionID && mapped.GetFrom(answer) == nil {
				return &net.UDPAddr{IP: mapped.IP, Port: mapped.Port}, nil
			}
		}
	}
	return nil, fmt.Errorf("STUN server %s does not answer: %w", server, err)
}
