package quic

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/transport"
)

func TestLimitOfIncomingLinksIsKept(t *testing.T) {
	b := startAt(t, transport.Config{Listen: "127.0.0.1:0", Params: map[string]string{"maxIncoming": "2"}})
	a := startNode(t, "packet")
	a.link(t, b)
	a.link(t, b)
	if err := a.Dial(b.id, b.sink.listen); err != nil {
		t.Fatal(err)
	}
	a.sink.await(t, "DialFailed", func(s *tape) bool { return len(s.failed) == 1 })
	if cause := a.sink.failed[0].Cause; !errors.Is(cause, transport.ErrPeerClosed) {
		t.Errorf("DialFailed: %v; want ErrPeerClosed", cause)
	}
	a.Close(1, "room")
	b.sink.await(t, "Down", func(s *tape) bool { return len(s.down) == 1 })
	l := &b.live.Load().limits
	b.sink.await(t, "room", func(*tape) bool { return l.open.Load() == 1 })
	a.link(t, b)
}

func TestOneAddressCannotHandshakeWithoutEnd(t *testing.T) {
	var l limits
	now := time.Now()
	ip := netip.MustParseAddr("2001:db8::1")
	admitted := 0
	for range 1000 {
		if l.spend(network(ip), now) {
			admitted++
		}
		ip = ip.Next()
	}
	if admitted != handshakeAll {
		t.Errorf("%d handshakes of one /64 at once; want %d", admitted, handshakeAll)
	}
	if !l.spend(network(netip.MustParseAddr("2001:db8:0:1::1")), now) || !l.spend(network(netip.MustParseAddr("192.0.2.1")), now) {
		t.Error("other addresses are refused too")
	}
	admitted = 0
	for range 1000 {
		if l.spend(network(ip), now.Add(time.Second)) {
			admitted++
		}
	}
	if admitted != handshakeSec {
		t.Errorf("%d more after a second; want %d", admitted, handshakeSec)
	}
	for i := range uint32(3 * maxBuckets) {
		l.spend(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), now)
	}
	if len(l.buckets) > maxBuckets {
		t.Errorf("%d addresses are remembered; want at most %d", len(l.buckets), maxBuckets)
	}
}

func TestHandshakesUnderLoadProveTheirAddress(t *testing.T) {
	a, b := startNode(t, "packet"), startNode(t, "packet")
	l := &b.live.Load().limits
	l.open.Add(maxUnproved)
	defer l.open.Add(-maxUnproved)
	if !l.unproved(nil) {
		t.Fatal("addresses are believed under load")
	}
	a.link(t, b) // by way of a Retry
}
