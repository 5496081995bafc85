package quic

import (
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/pion/stun/v3"

	"github.com/shoal-live/shoal/core/swarm"
)

// mirrorAt answers STUN requests with an address, whoever asks, after it has not answered the first.
func mirrorAt(t *testing.T, seen string) swarm.Address {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := net.UDPAddrFromAddrPort(netip.MustParseAddrPort(seen))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		buf := make([]byte, 1500)
		for lost := true; ; lost = false {
			n, from, err := c.ReadFrom(buf)
			if err != nil {
				return
			}
			request := &stun.Message{Raw: buf[:n]}
			if lost || request.Decode() != nil {
				continue
			}
			reply, err := stun.Build(request, stun.BindingSuccess, &stun.XORMappedAddress{IP: at.IP, Port: at.Port})
			if err == nil {
				_, _ = c.WriteTo(reply.Raw, from) // asked again if it is lost
			}
		}
	}()
	t.Cleanup(func() {
		c.Close()
		<-ended
	})
	return swarm.Address("stun:" + c.LocalAddr().String())
}

func TestWhatSTUNServersSeeIsToldAndGoesWithADial(t *testing.T) {
	a, b := startNode(t, "packet"), startNode(t, "packet")
	a.Punch([]swarm.Address{mirrorAt(t, "198.51.100.7:4000"), mirrorAt(t, "198.51.100.7:4001")}, 0)
	a.sink.await(t, "Observed", func(s *tape) bool { return len(s.observed) > 0 })
	if want := []swarm.Address{"quic:198.51.100.7:4000"}; !slices.Equal(a.sink.observed, want) {
		t.Errorf("seen at %v, want %v: of a NAT with many ports, one", a.sink.observed, want)
	}
	a.link(t, b)
	a.sink.await(t, "SignalOut", func(s *tape) bool { return len(s.signals) > 0 })
	s := a.sink.signals[0]
	if from := parseCall(s.Data); s.Peer != b.id || len(from) != 1 || from[0].String() != "198.51.100.7:4000" {
		t.Errorf("%s is called from %v", s.Peer, from)
	}
	b.Signal(a.id, s.Data) // they are linked: nothing happens
}

func TestADialBegunBeforeTheServersAnswerIsToldAfterwards(t *testing.T) {
	a := startNode(t, "packet")
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if err := a.Dial(swarm.PeerID{7}, []swarm.Address{swarm.Address("quic:" + silent.LocalAddr().String())}); err != nil {
		t.Fatal(err)
	}
	a.Punch([]swarm.Address{mirrorAt(t, "198.51.100.7:4000")}, 0)
	a.sink.await(t, "SignalOut", func(s *tape) bool { return len(s.signals) > 0 })
}

func TestANodeThatIsSeenAtItsOwnAddressTellsNothing(t *testing.T) {
	a, b := startNode(t, "packet"), startNode(t, "packet")
	own := a.live.Load().own[0]
	a.live.Load().observed([]netip.AddrPort{own})
	a.link(t, b)
	if len(a.sink.observed)+len(a.sink.signals) > 0 {
		t.Errorf("it tells %v and calls %v", a.sink.observed, a.sink.signals)
	}
}
