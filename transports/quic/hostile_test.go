package quic

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"github.com/shoal-live/shoal/core/swarm"
)

// harass does to an endpoint what a stranger can.
func harass(t *testing.T, to *net.UDPAddr) {
	sendPackets(t, to)
	for name, h := range map[string]func(*testing.T, *net.UDPAddr){ // order-free: each stands alone
		"wrong protocol":   dialWrongProtocol,
		"no certificate":   dialWithoutCertificate,
		"silent":           dialAndSayNothing,
		"random hello":     dialAndWrite(random(300)),
		"cut hello":        dialAndWrite([]byte{40, 1, 1}),
		"huge hello":       dialAndWrite(binary.AppendUvarint(nil, 1<<40)),
		"long varint":      dialAndWrite([]byte{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255}),
		"hello of version": dialAndWrite([]byte{7, 99, 1, 0, 0, 0, 0, 0}),
	} {
		t.Log(name)
		h(t, to)
	}
}

func random(n int) []byte {
	r := rand.NewChaCha8([32]byte{1})
	b := make([]byte, n)
	_, _ = r.Read(b) // it never fails
	return b
}

// sendPackets sends random, truncated and oversized packets, with every first byte.
func sendPackets(t *testing.T, to *net.UDPAddr) {
	c, err := net.DialUDP("udp", nil, to)
	if err != nil {
		t.Fatal(err)
	}
	defer closed(t, c)
	noise := random(65000)
	for first := range 256 {
		for _, n := range []int{1, 2, 5, 20, 21, 100, 1200, 1500, 9000} {
			p := append([]byte(nil), noise[first:first+n]...)
			p[0] = byte(first)
			if n > 20 && first >= 0xc0 { // a long header of version 1
				copy(p[1:], []byte{0, 0, 0, 1, 8})
			}
			_, _ = c.Write(p) // some do not leave, which is fine
		}
	}
	_, _ = c.Write(noise)
}

// strangerTLS is a configuration that would do, of a fresh key.
func strangerTLS(t *testing.T) *tls.Config {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	id, err := newIdentity(key)
	if err != nil {
		t.Fatal(err)
	}
	return id.tlsConfig()
}

// stranger dials as itself.
func stranger(t *testing.T, to *net.UDPAddr, conf *tls.Config) (*quic.Conn, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	return quic.DialAddr(ctx, to.String(), conf, quicConfig(dialing))
}

func dialWrongProtocol(t *testing.T, to *net.UDPAddr) {
	conf := strangerTLS(t)
	conf.NextProtos = []string{"h3"}
	if c, err := stranger(t, to, conf); err == nil {
		t.Error("a connection with another protocol came up")
		_ = c.CloseWithError(0, "")
	}
}

func dialWithoutCertificate(t *testing.T, to *net.UDPAddr) {
	conf := strangerTLS(t)
	conf.Certificates = nil
	c, err := stranger(t, to, conf)
	if err != nil {
		return
	}
	select { // TLS 1.3 lets the dialing end believe for a moment that it is in
	case <-c.Context().Done():
	case <-time.After(5 * time.Second):
		t.Error("a connection without a certificate stayed up")
		_ = c.CloseWithError(0, "")
	}
}

func dialAndSayNothing(t *testing.T, to *net.UDPAddr) {
	if c, err := stranger(t, to, strangerTLS(t)); err != nil {
		t.Errorf("a stranger with a key could not dial: %v", err)
	} else {
		t.Cleanup(func() { _ = c.CloseWithError(0, "") })
	}
}

func dialAndWrite(hello []byte) func(*testing.T, *net.UDPAddr) {
	return func(t *testing.T, to *net.UDPAddr) {
		c, err := stranger(t, to, strangerTLS(t))
		if err != nil {
			t.Errorf("a stranger with a key could not dial: %v", err)
			return
		}
		s, err := c.OpenStream()
		if err != nil {
			t.Errorf("open a stream: %v", err)
			return
		}
		if _, err := s.Write(hello); err != nil {
			t.Errorf("write: %v", err)
		}
		_ = s.Close() // so that what is cut short ends
		select {
		case <-c.Context().Done():
		case <-time.After(5 * time.Second):
			t.Errorf("a connection with hello %x... stayed up", hello[:2])
			_ = c.CloseWithError(0, "")
		}
	}
}

// A peer that has said hello and then breaks the rules loses its link, and nobody else does.
func TestBadPeerLosesItsLink(t *testing.T) {
	over := binary.AppendUvarint(nil, swarm.MaxControlFrame+1)
	for name, bad := range map[string]func(c *quic.Conn, control *quic.Stream){ // order-free: each stands alone
		"control frame over the limit": func(_ *quic.Conn, s *quic.Stream) { _, _ = s.Write(over) },
		"huge control frame":           func(_ *quic.Conn, s *quic.Stream) { _, _ = s.Write(binary.AppendUvarint(nil, 1<<62)) },
		"end of the control stream":    func(_ *quic.Conn, s *quic.Stream) { _ = s.Close() },
		"reset of the control stream":  func(_ *quic.Conn, s *quic.Stream) { s.CancelWrite(7) },
	} {
		t.Run(name, func(t *testing.T) {
			e := startNode(t, "datagram")
			c, s := e.hello(t, hello{chunks: asDatagrams, observed: "192.0.2.1:1"})
			bad(c, s)
			e.sink.await(t, "Down", func(s *tape) bool { return len(s.down) == 1 })
			if err := e.sink.down[0].Cause; err == nil {
				t.Error("Down without a cause")
			}
			select {
			case <-c.Context().Done():
			case <-time.After(5 * time.Second):
				t.Error("the connection stayed up")
			}
		})
	}
}

// What a peer sends beyond its rights, and does no harm, is passed over.
func TestOddFramesArePassedOver(t *testing.T) {
	e := startNode(t, "datagram")
	c, s := e.hello(t, hello{chunks: asDatagrams})
	for _, n := range []int{0, 1, maxChunk, maxChunk + 1, 1150} {
		if err := c.SendDatagram(make([]byte, n)); err != nil {
			t.Fatalf("SendDatagram of %d bytes: %v", n, err)
		}
	}
	if u, err := c.OpenUniStream(); err == nil {
		_, _ = u.Write(random(5000)) // a stream that nobody asked for
	}
	if _, err := s.Write([]byte{0, 1, 'x'}); err != nil {
		t.Fatal(err)
	}
	e.sink.await(t, "the control frames", func(s *tape) bool { return len(s.control) == 2 })
	e.sink.await(t, "the chunk frames", func(s *tape) bool { return len(s.chunks) >= 3 })
	for _, got := range e.sink.chunks {
		if len(got) > maxChunk {
			t.Errorf("a chunk frame of %d bytes came through", len(got))
		}
	}
}

// A frame longer than MaxChunk on the chunk stream ends the link: what follows cannot be found.
func TestOversizedStreamFrameEndsTheLink(t *testing.T) {
	e := startNode(t, "datagram")
	c, _ := e.hello(t, hello{chunks: asStream})
	u, err := c.OpenUniStream()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := u.Write(binary.AppendUvarint(nil, maxChunk+1)); err != nil {
		t.Fatal(err)
	}
	e.sink.await(t, "Down", func(s *tape) bool { return len(s.down) == 1 })
	if err := e.sink.down[0].Cause; !errors.Is(err, ErrProtocol) {
		t.Errorf("Down: %v; want ErrProtocol", err)
	}
}
