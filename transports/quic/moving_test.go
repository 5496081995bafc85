package quic

import (
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// nat stands between one node and another, and can change the port that it sends from.
type nat struct {
	t      *testing.T
	inside *net.UDPConn // the dialing node sends here
	to     *net.UDPAddr // the other node

	mu      sync.Mutex
	outside *net.UDPConn
	from    *net.UDPAddr // the dialing node
	group   sync.WaitGroup
}

func newNAT(t *testing.T, to *net.UDPAddr) *nat {
	n := &nat{t: t, to: to, inside: loopback(t)}
	n.rebind()
	n.group.Go(n.outwards)
	t.Cleanup(func() {
		closed(t, n.inside)
		n.mu.Lock()
		closed(t, n.outside)
		n.mu.Unlock()
		n.group.Wait()
	})
	return n
}

// closed closes a socket of a test.
func closed(t *testing.T, c *net.UDPConn) {
	if err := c.Close(); err != nil {
		t.Errorf("close %s: %v", c.LocalAddr(), err)
	}
}

func loopback(t *testing.T) *net.UDPConn {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rebind takes a new port, as a NAT does whose mapping has run out, and forgets the old one.
func (n *nat) rebind() {
	c := loopback(n.t)
	n.mu.Lock()
	old := n.outside
	n.outside = c
	n.mu.Unlock()
	if old != nil {
		closed(n.t, old)
	}
	n.group.Go(func() { n.inwards(c) })
}

func (n *nat) outwards() {
	b := make([]byte, 2048)
	for {
		size, from, err := n.inside.ReadFromUDP(b)
		if err != nil {
			return
		}
		n.mu.Lock()
		n.from = from
		_, _ = n.outside.WriteTo(b[:size], n.to) // UDP: what does not leave is lost
		n.mu.Unlock()
	}
}

func (n *nat) inwards(c *net.UDPConn) {
	b := make([]byte, 2048)
	for {
		size, _, err := c.ReadFromUDP(b)
		if err != nil {
			return
		}
		n.mu.Lock()
		_, _ = n.inside.WriteTo(b[:size], n.from)
		n.mu.Unlock()
	}
}

// A NAT that gives a node another port costs it no link, and both channels go on in both directions.
func TestLinkOutlivesANewPort(t *testing.T) {
	for _, chunks := range []string{"packet", "datagram", "stream"} {
		t.Run(chunks, func(t *testing.T) {
			t.Parallel()
			a, b := startNode(t, chunks), startNode(t, chunks)
			n := newNAT(t, b.live.Load().socket.LocalAddr().(*net.UDPAddr))
			if err := a.Dial(b.id, []swarm.Address{addressOf(n.inside.LocalAddr())}); err != nil {
				t.Fatal(err)
			}
			a.sink.await(t, "Up", func(s *tape) bool { return len(s.up) == 1 })
			b.sink.await(t, "Up", func(s *tape) bool { return len(s.up) == 1 })
			n.rebind()
			marker := []byte(strings.Repeat("after", 10))
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			arrived := func(s *tape) bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				return len(s.chunks) >= 10 && len(s.control) >= 10
			}
			for began := time.Now(); !arrived(a.sink) || !arrived(b.sink); <-tick.C {
				if time.Since(began) > 8*time.Second {
					t.Fatalf("after the new port %d and %d chunk frames arrived, %d and %d control frames; down: %v %v",
						len(a.sink.chunks), len(b.sink.chunks), len(a.sink.control), len(b.sink.control), a.sink.down, b.sink.down)
				}
				for _, end := range []*node{a, b} {
					end.SendChunks([]transport.Frame{{Data: marker, To: []transport.LinkID{1}}})
					if err := end.SendControl(1, marker); err != nil {
						t.Fatalf("SendControl: %v", err)
					}
				}
			}
		})
	}
}
