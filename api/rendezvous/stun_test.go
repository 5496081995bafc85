package rendezvous_test

import (
	"context"
	"math/rand/v2"
	"net"
	"testing"

	"github.com/shoal-live/shoal/api/rendezvous"
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
