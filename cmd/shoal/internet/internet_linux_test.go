package internet_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/internet"
	"github.com/shoal-live/shoal/cmd/shoal/internet/internettest"
)

// patience is until what does not come counts as lost.
const patience = 10 * time.Second

func TestPacketsOfAHomeComeFromItsNATAndAnswersComeBack(t *testing.T) {
	net := internettest.New(t)
	server, home := internettest.Public(t, net), net.Home(internet.PortRestricted)
	client := internettest.In(t, home)
	there, here := listen(t, server), listen(t, client)
	t.Run("UDP", func(t *testing.T) {
		if _, err := here.WriteTo([]byte("who am I?"), there.LocalAddr()); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 100)
		n, from, err := there.ReadFrom(buf)
		if err != nil || string(buf[:n]) != "who am I?" {
			t.Fatalf("%q, %v", buf[:n], err)
		}
		if from.String() == here.LocalAddr().String() {
			t.Errorf("it comes from %v, as if there was no NAT", from)
		}
		if _, err := there.WriteTo([]byte(from.String()), from); err != nil {
			t.Fatal(err)
		}
		n, _, err = here.ReadFrom(buf)
		if err != nil || string(buf[:n]) != from.String() {
			t.Errorf("the answer is %q, %v", buf[:n], err)
		}
		if net.Carried(client, server) == 0 || net.Carried(server, client) == 0 {
			t.Error("nothing was counted")
		}
	})
	t.Run("TCP", func(t *testing.T) {
		l, err := server.Listen("tcp", server.Addr().String()+":7000")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		go func() {
			c, err := l.Accept()
			if err == nil {
				_, _ = io.Copy(c, c) // an echo
				c.Close()
			}
		}()
		ctx, stop := context.WithTimeout(context.Background(), patience)
		defer stop()
		c, err := client.Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
			t.Fatal(err)
		}
		sent := make([]byte, 100_000)
		go func() { _, _ = c.Write(sent) }() // the reader sees what is missing
		if _, err := io.ReadFull(c, make([]byte, len(sent))); err != nil {
			t.Error(err)
		}
	})
}

func listen(t *testing.T, m *internet.Machine) net.PacketConn {
	t.Helper()
	c, err := m.ListenPacket("udp", m.Addr().String()+":9890")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}
