package rendezvous_test

import (
	"context"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/api/rendezvous"
	"github.com/shoal-live/shoal/core/swarm"
)

func socket(t *testing.T) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestSTUNTellsOnesAddressOnBothPortsWhateverStrangersSend(t *testing.T) {
	one, two := socket(t), socket(t)
	addrs := []net.Addr{one.LocalAddr(), two.LocalAddr()}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- rendezvous.ServeSTUN(ctx, one, two) }()

	stranger := socket(t)
	defer stranger.Close()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	for range 200 {
		b := make([]byte, random.IntN(1400))
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		if _, err := stranger.WriteTo(b, addrs[0]); err != nil {
			t.Fatal(err)
		}
	}
	me := socket(t)
	defer me.Close()
	for _, a := range addrs {
		seen, err := rendezvous.Observe(ctx, me, a)
		if err != nil || seen.String() != me.LocalAddr().String() {
			t.Fatalf("%s sees %v (%v), this is %v", a, seen, err, me.LocalAddr())
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func TestSTUNAnswersOneAddressOnlySoOften(t *testing.T) {
	server := socket(t)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- rendezvous.ServeSTUN(ctx, server) }()
	me := socket(t)
	defer me.Close()
	request := []byte("\x00\x01\x00\x00\x21\x12\xa4\x42abcdefghijkl")
	for range 1000 {
		if _, err := me.WriteTo(request, server.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	answers, buf := 0, make([]byte, 1500)
	for {
		_ = me.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
		n, _, err := me.ReadFrom(buf)
		if err != nil {
			break
		}
		if n > 2*len(request)+12 {
			t.Fatalf("an answer of %d bytes to %d", n, len(request))
		}
		answers++
	}
	if answers == 0 || answers > 3*rendezvous.STUNLimit {
		t.Errorf("%d of 1000 requests at once were answered", answers)
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

func TestSTUNSaysWhenASocketFails(t *testing.T) {
	one, two := socket(t), socket(t)
	ended := make(chan error, 1)
	go func() { ended <- rendezvous.ServeSTUN(context.Background(), one, two) }()
	_ = one.Close()
	select {
	case err := <-ended:
		if err == nil || !strings.Contains(err.Error(), one.LocalAddr().String()) {
			t.Errorf("error is %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("it serves on with a closed socket")
	}
}

func TestMembersAreToldOfSTUNServersWhereTheyCameToTheRendezvous(t *testing.T) {
	publisher := newKey(t)
	_, h := serve(t, publisher, func(c *rendezvous.Config) { c.STUN = []string{":9870", "stun.example.org:3478"} })
	p := join(t, h.URL, swarm.Source, publisher).in(t)
	p.until(t, "it knows the servers", func() bool { return p.mirrors != nil })
	if want := []swarm.Address{"stun:127.0.0.1:9870", "stun:stun.example.org:3478"}; !slices.Equal(p.mirrors, want) {
		t.Errorf("it asks %v, want %v", p.mirrors, want)
	}
}
