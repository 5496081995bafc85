package quic

import (
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// tape records what a transport reports.
type tape struct {
	mu       sync.Mutex
	changed  chan struct{}
	listen   []swarm.Address
	up       []transport.Up
	down     []transport.Down
	failed   []transport.DialFailed
	observed []swarm.Address
	signals  []transport.SignalOut
	control  [][]byte
	chunks   [][]byte
	full     int
	writable int
	usage    transport.Usage
	measured transport.Measured
}

func (s *tape) note(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *tape) Listening(a []swarm.Address) { s.note(func() { s.listen = a }) }

func (s *tape) Received(frames []transport.Received) {
	s.note(func() {
		for _, f := range frames {
			if f.Channel == transport.Control {
				s.control = append(s.control, f.Data)
			} else {
				s.chunks = append(s.chunks, f.Data)
			}
		}
	})
}

func (s *tape) Event(e transport.Event) {
	s.note(func() {
		switch e := e.(type) {
		case transport.Up:
			s.up = append(s.up, e)
		case transport.Down:
			s.down = append(s.down, e)
		case transport.DialFailed:
			s.failed = append(s.failed, e)
		case transport.Observed:
			s.observed = e.Addresses
		case transport.SignalOut:
			s.signals = append(s.signals, e)
		case transport.Full:
			s.full++
		case transport.Writable:
			s.writable++
		case transport.Usage:
			s.usage = e
		case transport.Measured:
			s.measured = e
		}
	})
}

// await waits up to 10 s until ok holds.
func (s *tape) await(t testing.TB, what string, ok func(*tape) bool) {
	t.Helper()
	timer := time.NewTimer(10 * time.Second)
	defer timer.Stop()
	for {
		s.mu.Lock()
		done, changed := ok(s), s.changed
		s.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-timer.C:
			t.Fatalf("waited for %s", what)
		}
	}
}

// node is a running transport.
type node struct {
	*Transport
	sink *tape
	id   swarm.PeerID
	stop func()
}

func startNode(t testing.TB, chunks string) *node {
	t.Helper()
	return startAt(t, transport.Config{Listen: "127.0.0.1:0", Params: map[string]string{"chunks": chunks}})
}

// startAt runs a transport, with a fresh key where cfg has none.
func startAt(t testing.TB, cfg transport.Config) *node {
	t.Helper()
	if cfg.Identity == nil {
		_, key, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Identity = key
	}
	q, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{Transport: q, id: q.identity.id, sink: &tape{changed: make(chan struct{})}}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx, n.sink) }()
	n.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(n.stop)
	n.sink.await(t, "Listening", func(s *tape) bool { return s.listen != nil })
	return n
}

// link dials b and waits for Up at both ends; it answers the number here.
func (n *node) link(t testing.TB, b *node) transport.LinkID {
	t.Helper()
	n.sink.mu.Lock()
	before := len(n.sink.up)
	n.sink.mu.Unlock()
	b.sink.mu.Lock()
	there := len(b.sink.up)
	b.sink.mu.Unlock()
	if err := n.Dial(b.id, b.sink.listen); err != nil {
		t.Fatal(err)
	}
	n.sink.await(t, "Up", func(s *tape) bool { return len(s.up) > before })
	b.sink.await(t, "Up", func(s *tape) bool { return len(s.up) > there })
	n.sink.mu.Lock()
	defer n.sink.mu.Unlock()
	return n.sink.up[before].Link
}

// offer sends one chunk frame every 10 ms until to has received one more: the first may come before to is ready.
func (n *node) offer(t testing.TB, to *node, f transport.Frame) {
	t.Helper()
	count := func() int {
		to.sink.mu.Lock()
		defer to.sink.mu.Unlock()
		return len(to.sink.chunks)
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	before := count()
	for began := time.Now(); count() == before; <-tick.C {
		if time.Since(began) > 10*time.Second {
			t.Fatal("no chunk frame arrived")
		}
		n.SendChunks([]transport.Frame{f})
	}
}

// hello dials the node as a stranger that knows the protocol, and says h.
func (n *node) hello(t *testing.T, h hello) (*quic.Conn, *quic.Stream) {
	t.Helper()
	c, err := stranger(t, n.live.Load().socket.LocalAddr().(*net.UDPAddr), strangerTLS(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.CloseWithError(0, "") })
	s, err := c.OpenStream()
	if err != nil {
		t.Fatal(err)
	}
	body := encodeHello(h)
	if _, err := s.Write(append(binary.AppendUvarint(nil, uint64(len(body))), body...)); err != nil {
		t.Fatal(err)
	}
	answer, err := readFrame(bufio.NewReader(s), maxHello)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := parseHello(answer); err != nil {
		t.Fatal(err)
	}
	n.sink.await(t, "Up", func(s *tape) bool { return len(s.up) == 1 })
	return c, s
}
