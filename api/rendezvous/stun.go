package rendezvous

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/pion/stun/v3"
)

// STUNLimit is how many STUN answers a second a server gives to one address; more are dropped, so that forged
// requests cannot be aimed at somebody.
const STUNLimit = 20

// ServeSTUN answers STUN binding requests (RFC 8489) on conns until ctx ends, and closes them. Two of them on different ports let a
// client tell whether its NAT keeps one mapping for all destinations. Errors: what a socket answered.
func ServeSTUN(ctx context.Context, conns ...net.PacketConn) error {
	var group sync.WaitGroup
	errs := make([]error, len(conns))
	for i, c := range conns {
		group.Go(func() { errs[i] = answerSTUN(ctx, c) })
	}
	<-ctx.Done()
	for _, c := range conns {
		_ = c.Close() // the reader sees it
	}
	group.Wait()
	return errors.Join(errs...)
}

func answerSTUN(ctx context.Context, c net.PacketConn) error {
	limits := make(map[string]*bucket)
	buf := make([]byte, 1500)
	for {
		n, from, err := c.ReadFrom(buf)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("STUN on %s: %w", c.LocalAddr(), err)
		}
		addr, ok := from.(*net.UDPAddr)
		if !ok || !stun.IsMessage(buf[:n]) {
			continue
		}
		if len(limits) > 10_000 {
			clear(limits) // forgetting everybody now and then is cheaper than a list of all
		}
		b := limits[addr.IP.String()]
		if b == nil {
			b = &bucket{}
			limits[addr.IP.String()] = b
		}
		if !b.take(time.Now(), STUNLimit, STUNLimit) {
			continue
		}
		request := &stun.Message{Raw: append([]byte(nil), buf[:n]...)}
		if request.Decode() != nil || request.Type != stun.BindingRequest {
			continue
		}
		answer, err := stun.Build(request, stun.BindingSuccess, &stun.XORMappedAddress{IP: addr.IP, Port: addr.Port}, stun.Fingerprint)
		if err != nil {
			continue
		}
		_, _ = c.WriteTo(answer.Raw, from) // a lost answer is asked for again
	}
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
