package quic

import (
	"errors"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/ipv4"

	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/transports/quic/impair"
)

// A network that turns bad while a link is up delays what is sent from then on.
func TestImpairWhileItRuns(t *testing.T) {
	a, b := badly(t, "uplink=100G"), badly(t, "uplink=100G")
	here := a.link(t, b)
	const late = 300 * time.Millisecond
	if err := a.Impair(impair.Config{Median: late}); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := a.SendControl(here, []byte{1}); err != nil {
		t.Fatal(err)
	}
	b.sink.await(t, "the frame", func(s *tape) bool { return len(s.control) == 1 })
	if took := time.Since(began); took < late {
		t.Errorf("a control frame took %v; want at least %v", took, late)
	}
	if err := a.Impair(impair.Config{Loss: 2}); !errors.Is(err, impair.ErrConfig) {
		t.Errorf("a loss of 200%%: %v", err)
	}
	if s, ok := a.Impairment(); !ok || s.Sent == 0 {
		t.Errorf("%+v, %v; want some sent", s, ok)
	}
	a.stop()
	if _, ok := a.Impairment(); ok {
		t.Error("a transport that has ended counts")
	}
	if err := a.Impair(impair.Config{}); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("after Run: %v; want ErrClosed", err)
	}
}

func TestImpairWantsAnImpairedSocket(t *testing.T) {
	a := startNode(t, "packet")
	if err := a.Impair(impair.Config{Median: time.Millisecond}); !errors.Is(err, ErrUnimpaired) {
		t.Errorf("%v; want ErrUnimpaired", err)
	}
	if s, ok := a.Impairment(); ok {
		t.Errorf("it counts %+v", s)
	}
}

// counting is an outlet that counts what leaves.
type counting struct{ writes int }

func (c *counting) WriteMsgUDP(b, oob []byte, _ *net.UDPAddr) (n, oobn int, err error) {
	c.writes++
	return len(b), len(oob), nil
}

func (c *counting) WriteMsgUDPAddrPort(b, oob []byte, _ netip.AddrPort) (n, oobn int, err error) {
	c.writes++
	return len(b), len(oob), nil
}

func (c *counting) WriteTo(b []byte, _ net.Addr) (int, error) {
	c.writes++
	return len(b), nil
}

func (c *counting) Close() error { return nil }

// After a cut every way of writing succeeds and does nothing, and every way of reading passes over what comes.
func TestCutSocket(t *testing.T) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	to := conn.LocalAddr().(*net.UDPAddr)
	var (
		cut atomic.Bool
		out counting
	)
	s := newSocket(conn, &out, &cut)
	write := func() {
		t.Helper()
		if n, oobn, err := s.WriteMsgUDP(make([]byte, 100), make([]byte, 10), to); n != 100 || oobn != 10 || err != nil {
			t.Error(n, oobn, err)
		}
		if n, err := s.WriteTo(make([]byte, 100), to); n != 100 || err != nil {
			t.Error(n, err)
		}
		s.writeSealed(make([]byte, 100), &path{to: to.AddrPort()})
	}
	read := func(until time.Time) (batched, single error) {
		t.Helper()
		for range 2 { // one for each
			if _, err := conn.WriteTo([]byte{0xff}, to); err != nil {
				t.Fatal(err)
			}
		}
		if err := conn.SetReadDeadline(until); err != nil {
			t.Fatal(err)
		}
		_, batched = s.ReadBatch([]ipv4.Message{{Buffers: [][]byte{make([]byte, 100)}}}, 0)
		if batched == nil { // and may have had both
			if _, err := conn.WriteTo([]byte{0xff}, to); err != nil {
				t.Fatal(err)
			}
		}
		_, _, single = s.ReadFrom(make([]byte, 100))
		return batched, single
	}
	write()
	sent := s.sent.Load()
	if batched, single := read(time.Time{}); out.writes != 3 || sent == 0 || batched != nil || single != nil {
		t.Fatalf("before: %d writes, %d bytes, reading: %v, %v", out.writes, sent, batched, single)
	}
	received := s.received.Load()
	cut.Store(true)
	write()
	if out.writes != 3 || s.sent.Load() != sent {
		t.Errorf("after it %d writes and %d bytes more", out.writes-3, s.sent.Load()-sent)
	}
	if batched, single := read(time.Now().Add(100 * time.Millisecond)); batched == nil || single == nil || s.received.Load() != received {
		t.Errorf("after it something is read: %v, %v, %d bytes more", batched, single, s.received.Load()-received)
	}
}

// A node that is cut goes without a word, even when it ends: its peers find out by silence, and its port is taken until Run
// ends.
func TestCutIsSilent(t *testing.T) {
	for name, impairment := range map[string]string{"impaired": "latency=1ms", "bare": ""} { // order-free: each by itself
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, b, c := badly(t, impairment), badly(t, impairment), badly(t, impairment)
			a.link(t, b)
			a.link(t, c)
			bound := a.live.Load().socket.LocalAddr().(*net.UDPAddr)
			began := time.Now()
			a.Cut()
			if second, err := net.ListenUDP("udp4", bound); err == nil {
				_ = second.Close()
				t.Errorf("%v is free", bound)
			}
			c.stop() // whose farewell is not heard
			isDown := func(s *tape) bool { return len(s.down) > 0 }
			b.sink.await(t, "Down at the peer", isDown)
			took := time.Since(began)
			a.sink.await(t, "Down here", func(s *tape) bool { return len(s.down) == 2 })
			a.stop()
			for _, end := range []*node{a, b} {
				for _, d := range end.sink.down {
					if !errors.Is(d.Cause, transport.ErrTimeout) {
						t.Errorf("%v; want ErrTimeout", d.Cause)
					}
				}
			}
			if took < time.Second {
				t.Errorf("the peer knew after %v", took)
			}
		})
	}
}

// A node that ends right after the cut says no more than one that lives on.
func TestCutSurvivesTheEnd(t *testing.T) {
	t.Parallel()
	a, b := startNode(t, "packet"), startNode(t, "packet")
	a.link(t, b)
	a.Cut()
	a.stop()
	b.sink.await(t, "Down at the peer", func(s *tape) bool { return len(s.down) == 1 })
	if cause := b.sink.down[0].Cause; !errors.Is(cause, transport.ErrTimeout) {
		t.Errorf("%v; want ErrTimeout", cause)
	}
}
