package quic

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

func TestBadConfigurationNamesTheKey(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]transport.Config{ // order-free: each stands alone
		"identity":           {},
		"params.chunks":      {Identity: key, Params: map[string]string{"chunks": "pigeon"}},
		"params.maxIncoming": {Identity: key, Params: map[string]string{"maxIncoming": "none"}},
		"params.impair: bad network impairment: loss": {Identity: key, Params: map[string]string{"impair": "loss=90%"}},
		"maxIncomming": {Identity: key, Params: map[string]string{"maxIncomming": "3"}},
	} {
		if _, err := New(c); !errors.Is(err, ErrConfig) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v; want ErrConfig that names it", name, err)
		}
	}
}

func TestRunNamesTheAddressThatCannotBeBound(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, listen := range []string{"192.0.2.77:9890", "nonsense", "127.0.0.1:99999", "127.0.0.1"} {
		q, err := New(transport.Config{Identity: key, Listen: listen})
		if err != nil {
			t.Fatal(err)
		}
		err = q.Run(t.Context(), &tape{changed: make(chan struct{})})
		if !errors.Is(err, transport.ErrAddress) || !strings.Contains(err.Error(), listen) {
			t.Errorf("listen %q: %v; want ErrAddress that names it", listen, err)
		}
	}
}

// Both ends speak every mode, whichever they send in.
func TestEndsOfDifferentModesUnderstandEachOther(t *testing.T) {
	modes := []string{"packet", "datagram", "stream"}
	for _, x := range modes {
		for _, y := range modes {
			t.Run(x+" to "+y, func(t *testing.T) {
				a, b := startNode(t, x), startNode(t, y)
				here := a.link(t, b)
				there := b.sink.up[0].Link
				for _, end := range []struct {
					from, to *node
					link     transport.LinkID
				}{{a, b, here}, {b, a, there}} {
					frame := bytes.Repeat([]byte{7}, maxChunk)
					for range 5 {
						end.from.offer(t, end.to, transport.Frame{Data: frame, To: []transport.LinkID{end.link}})
					}
				}
			})
		}
	}
}

func TestEndsTellEachOtherTheirAddresses(t *testing.T) {
	a, b := startNode(t, "packet"), startNode(t, "packet")
	a.link(t, b)
	mine, theirs := a.sink.up[0], b.sink.up[0]
	if mine.Address != b.sink.listen[0] || theirs.Observed != b.sink.listen[0] {
		t.Errorf("b listens at %v, is seen at %s, is told %s", b.sink.listen, mine.Address, theirs.Observed)
	}
	if theirs.Address != a.sink.listen[0] || mine.Observed != a.sink.listen[0] {
		t.Errorf("a dialed from %v, is seen at %s, is told %s", a.sink.listen, theirs.Address, mine.Observed)
	}
}

// A socket bound to all addresses serves both IP versions, and answers from the address that was dialed.
func TestWildcardServesBothVersions(t *testing.T) {
	b := startAt(t, transport.Config{Listen: ":0"})
	if last := b.sink.listen[len(b.sink.listen)-1]; !strings.HasPrefix(string(last), "quic:127.0.0.1:") {
		t.Errorf("listening at %v; want loopback last", b.sink.listen)
	}
	port := b.live.Load().socket.LocalAddr().(*net.UDPAddr).Port
	for _, from := range []string{"127.0.0.1", "::1", ""} {
		if from == "::1" && !hasIPv6() {
			t.Log("no IPv6 loopback here: that part of the test needs one")
			continue
		}
		a := startAt(t, transport.Config{Listen: net.JoinHostPort(from, "0")})
		host := from
		if from == "" {
			host = "127.0.0.1"
		}
		to := swarm.Address(scheme + ":" + netip.AddrPortFrom(netip.MustParseAddr(host), uint16(port)).String())
		if err := a.Dial(b.id, []swarm.Address{to}); err != nil {
			t.Fatal(err)
		}
		a.sink.await(t, "Up", func(s *tape) bool { return len(s.up) == 1 })
		a.offer(t, b, transport.Frame{Data: []byte("to"), To: []transport.LinkID{1}})
		b.sink.mu.Lock()
		back := b.sink.up[len(b.sink.up)-1].Link
		b.sink.mu.Unlock()
		b.offer(t, a, transport.Frame{Data: []byte("fro"), To: []transport.LinkID{back}})
	}
}

func hasIPv6() bool {
	c, err := net.ListenUDP("udp6", &net.UDPAddr{IP: net.IPv6loopback})
	if err != nil {
		return false
	}
	return c.Close() == nil
}

// What one socket says that it has sent is what the other says that it has received, segmentation offload or not.
func TestUsageCountsEveryPacket(t *testing.T) {
	a, b := startNode(t, "stream"), startNode(t, "stream")
	here := a.link(t, b)
	const frames = 8
	for range frames {
		if err := a.SendControl(here, make([]byte, 100_000)); err != nil {
			t.Fatal(err)
		}
	}
	b.sink.await(t, "the frames", func(s *tape) bool { return len(s.control) == frames })
	sa, sb := a.live.Load().socket, b.live.Load().socket
	a.sink.await(t, "equal counts", func(*tape) bool {
		return sa.sent.Load() == sb.received.Load() && sb.sent.Load() == sa.received.Load()
	})
	packets := uint64(frames * 100_000 / packetSize)
	if got, least := sa.sent.Load(), frames*100_000+packets*(ipv4Headers+20); got < least {
		t.Errorf("%d bytes sent; at least %d were, with headers", got, least)
	}
}

// quic-go must see a socket that it can segment, mark and read in batches, or it costs twice the CPU.
func TestSocketKeepsTheFastPath(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skipf("SKIPPED: segmentation offload is Linux's; this is %s", runtime.GOOS)
	}
	a, b := startNode(t, "datagram"), startNode(t, "datagram")
	here := a.link(t, b)
	if !a.live.Load().link(here).conn.ConnectionState().GSO {
		t.Error("no segmentation offload")
	}
}

// A restarted node resets the links of its former life at once, long before they are idle.
func TestRestartedNodeResetsItsLinks(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	a := startNode(t, "packet")
	b, err := New(transport.Config{Identity: key, Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	s := &tape{changed: make(chan struct{})}
	ended := make(chan error, 1)
	go func() { ended <- b.Run(context.Background(), s) }()
	s.await(t, "Listening", func(s *tape) bool { return s.listen != nil })
	if err := a.Dial(b.identity.id, s.listen); err != nil {
		t.Fatal(err)
	}
	a.sink.await(t, "Up", func(s *tape) bool { return len(s.up) == 1 })
	vanish(t, b)
	if err := <-ended; err == nil {
		t.Error("Run returned nil although its socket had gone")
	}
	_, listen, _ := strings.Cut(string(s.listen[0]), ":")
	startAt(t, transport.Config{Identity: key, Listen: listen})
	began := time.Now()
	for range 10 { // a packet of more than 21 bytes is answered by a reset
		if a.SendControl(1, make([]byte, 100)) != nil {
			break
		}
	}
	a.sink.await(t, "Down", func(s *tape) bool { return len(s.down) == 1 })
	if cause := a.sink.down[0].Cause; !errors.Is(cause, ErrReset) || errors.Is(cause, transport.ErrPeerClosed) {
		t.Errorf("Down: %v after %v; want ErrReset, which closes nothing", cause, time.Since(began))
	}
}

// Of several addresses the one that answers wins, whatever the others do.
func TestDialRacesAddresses(t *testing.T) {
	silent, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, silent)
	a, b, other := startNode(t, "packet"), startNode(t, "packet"), startNode(t, "packet")
	list := []swarm.Address{addressOf(silent.LocalAddr()), other.sink.listen[0], "quic:no-such-host.invalid:1", b.sink.listen[0]}
	began := time.Now()
	if err := a.Dial(b.id, list); err != nil {
		t.Fatal(err)
	}
	a.sink.await(t, "Up", func(s *tape) bool { return len(s.up) == 1 })
	if d := time.Since(began); d > 3*time.Second {
		t.Errorf("Up came after %v; the silent address held it up", d)
	}
	if n := len(other.sink.up); n != 0 {
		t.Errorf("%d links came up at a peer that was not dialed", n)
	}
}

func TestPunchSendsAFewPackets(t *testing.T) {
	a := startNode(t, "packet")
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, c)
	a.Punch([]swarm.Address{addressOf(c.LocalAddr()), "quic:not-an-ip.invalid:1"}, 0)
	if err := c.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	for i := range punchRounds {
		n, from, err := c.ReadFrom(b)
		if err != nil {
			t.Fatalf("packet %d: %v", i, err)
		}
		if addressOf(from) != a.sink.listen[0] || b[0]&0xc0 != 0 || n > 20 {
			t.Errorf("packet %d: %x from %s; want a few bytes that are not QUIC from %s", i, b[:n], from, a.sink.listen[0])
		}
	}
}
