package main

import (
	"bufio"
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// harass does to an endpoint what strangers can.
func harass(t *testing.T, to string) {
	for _, n := range []int{0, 1, 2, 5, 100, 5000, 300000} { // no TLS at all
		c := connect(t, to)
		_, _ = c.Write(random(n)) // it may be cut off in the middle
		_ = c.Close()
	}
	half := append([]byte{22, 3, 1, 1, 0}, random(40)...) // a record that is cut short
	c := connect(t, to)
	_, _ = c.Write(half)
	t.Cleanup(func() { _ = c.Close() }) // it stays, and says nothing more

	conf := someone(t).base()
	conf.NextProtos = []string{"h2"}
	refused(t, to, conf)
	conf = someone(t).base()
	conf.Certificates = nil
	refused(t, to, conf)
	conf = someone(t).base()
	conf.MinVersion, conf.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
	refused(t, to, conf)

	for _, hello := range [][]byte{
		random(600),
		appendMessage(nil, kindChunk, random(100)),
		appendMessage(nil, kindHello, nil),
		appendMessage(nil, kindHello, []byte{helloVersion, 200, 'x'}),
		appendMessage(nil, kindHello, []byte{99, 1, 'x'}),
		{byte(kindHello), 255, 255},
	} {
		s := secure(t, to, someone(t).base())
		_, _ = s.Write(hello)
		hungUp(t, s)
	}
	silent := secure(t, to, someone(t).base()) // it proves a key and says no hello
	t.Cleanup(func() { _ = silent.Close() })
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(b) // it never fails
	return b
}

// someone is a stranger with a key.
func someone(t *testing.T) *identity {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	id, err := newIdentity(key)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func connect(t *testing.T, to string) net.Conn {
	t.Helper()
	c, err := net.DialTimeout("tcp", to, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return c
}

// secure shakes hands as a stranger.
func secure(t *testing.T, to string, conf *tls.Config) *tls.Conn {
	t.Helper()
	c := tls.Client(connect(t, to), conf)
	if err := c.Handshake(); err != nil {
		t.Fatalf("a stranger with a key: %v", err)
	}
	return c
}

// refused wants a handshake to come to nothing.
func refused(t *testing.T, to string, conf *tls.Config) {
	t.Helper()
	c := tls.Client(connect(t, to), conf)
	if err := c.Handshake(); err == nil {
		hungUp(t, c) // TLS 1.3 lets the dialing end believe for a moment that it is in
	}
	_ = c.Close()
}

// hungUp wants the other end to end a connection within 10 s, having said nothing but a bye.
func hungUp(t *testing.T, c *tls.Conn) {
	t.Helper()
	if _, err := io.Copy(io.Discard, c); isTimeout(err) {
		t.Error("the connection stayed up")
	}
	_ = c.Close()
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// intruder is a peer that says hello to e as it should.
func intruder(t *testing.T, e *node) (*tls.Conn, *bufio.Reader) {
	t.Helper()
	c := secure(t, e.address(), someone(t).base())
	t.Cleanup(func() { _ = c.Close() })
	if _, err := c.Write(appendHello(nil, "192.0.2.1:1")); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	k, body, err := readMessage(r, maxHello)
	if err != nil || k != kindHello {
		t.Fatalf("message %d instead of a hello: %v", k, err)
	}
	if seen, err := parseHello(k, body); err != nil || seen != c.LocalAddr().String() {
		t.Errorf("the hello says %q: %v; this end is %s", seen, err, c.LocalAddr())
	}
	e.await(t, "Up", func(r *record) bool { return len(r.up) == 1 })
	return c, r
}

func TestAPeerThatBreaksTheRulesIsToldSoAndLosesItsLink(t *testing.T) {
	part := appendMessage(nil, kindPart, random(maxBody))
	for name, bad := range map[string][]byte{ // order-free: each stands alone
		"a message beyond the limit":       {byte(kindChunk), 255, 255},
		"a control frame beyond the limit": slices.Repeat(part, swarm.MaxControlFrame/maxBody+1),
		"a ping of another length":         appendMessage(nil, kindPing, []byte("x")),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			c, r := intruder(t, e)
			_, _ = c.Write(bad) // it may be cut off in the middle
			e.await(t, "Down", func(r *record) bool { return len(r.down) == 1 })
			if err := e.seen().down[0].Cause; !errors.Is(err, ErrProtocol) {
				t.Errorf("Down: %v; want ErrProtocol", err)
			}
			for {
				k, _, err := readMessage(r, maxBody)
				if err != nil {
					t.Fatalf("the connection ended without a bye: %v", err)
				}
				if k == kindBye {
					return
				}
			}
		})
	}
}

func TestAPeerThatSaysNothingMoreIsDownWithErrTimeoutWithinFiveSeconds(t *testing.T) {
	t.Parallel()
	e := start(t)
	began := time.Now()
	intruder(t, e)
	e.await(t, "Down", func(r *record) bool { return len(r.down) == 1 })
	if err := e.seen().down[0].Cause; !errors.Is(err, transport.ErrTimeout) {
		t.Errorf("Down: %v; want ErrTimeout", err)
	}
	if d := time.Since(began); d < 2*time.Second || d > 5*time.Second {
		t.Errorf("Down came after %v", d)
	}
}

func TestOddMessagesArePassedOver(t *testing.T) {
	t.Parallel()
	e := start(t)
	c, _ := intruder(t, e)
	odd := appendMessage(nil, 99, random(300))
	odd = appendHello(odd, "once more")
	odd = appendMessage(odd, kindPong, make([]byte, tokenSize)) // nobody asked
	for range 1000 {
		odd = appendMessage(odd, kindPing, make([]byte, tokenSize))
	}
	odd = appendMessage(odd, kindEnd, []byte("still up"))
	if _, err := c.Write(odd); err != nil {
		t.Fatal(err)
	}
	e.await(t, "the control frame", func(r *record) bool { return len(r.control) == 1 && string(r.control[0]) == "still up" })
}

// Strangers that hold connections open keep others of their address out for a while, and no longer.
func TestHandshakesOfOneAddressAreBoundedInNumberAndTime(t *testing.T) {
	t.Parallel()
	e := start(t)
	for range maxShakingOfOne {
		c := connect(t, e.address())
		t.Cleanup(func() { _ = c.Close() })
	}
	full := func() bool {
		d := &e.live.Load().door
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.shaking == maxShakingOfOne
	}
	e.await(t, "the door to be full", func(*record) bool { return full() })
	if one, err := net.DialTimeout("tcp", e.address(), 5*time.Second); err == nil { // else it was refused while it dialed
		_ = one.SetDeadline(time.Now().Add(2 * time.Second))
		if _, err := io.Copy(io.Discard, one); err == nil || isTimeout(err) {
			t.Errorf("one too many ended with %v; want it to be refused at once", err)
		}
		_ = one.Close()
	}
	began := time.Now()
	e.await(t, "the door to open", func(*record) bool { return !full() })
	if d := time.Since(began); d > greetTimeout+2*failedFor {
		t.Errorf("strangers kept the door for %v", d)
	}
	other := start(t)
	e.awaitLink(t, other)
}
