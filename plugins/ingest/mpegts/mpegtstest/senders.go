package mpegtstest

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	gosrt "github.com/datarhei/gosrt"
)

// FreePort is a UDP address on loopback that nobody has now.
func FreePort(t testing.TB) string {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // only its number was wanted
	return c.LocalAddr().String()
}

// Send plays a clip live to w until stop is called or the test ends, or w fails.
func Send(t testing.TB, w io.WriteCloser, name string, b *Broadcast) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	b.At = Live(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = b.Play(w, name) // it ends when the test wants it to, or w does
	}()
	stop = sync.OnceFunc(func() { cancel(); _ = w.Close(); <-done })
	t.Cleanup(stop)
	return stop
}

// SendUDP is Send to an address. Nobody need be there.
func SendUDP(t testing.TB, to, name string, b *Broadcast) (stop func()) {
	t.Helper()
	c, err := net.Dial("udp", to)
	if err != nil {
		t.Fatal(err)
	}
	return Send(t, deaf{c}, name, b)
}

// deaf sends datagrams, also when nobody listens.
type deaf struct{ net.Conn }

// Write implements io.Writer.
func (d deaf) Write(b []byte) (int, error) {
	_, _ = d.Conn.Write(b) // what a sender of UDP does not notice
	return len(b), nil
}

// PublishSRT calls a listener, until there is one, and plays a clip live to it until stop is called or the test ends. When
// the listener leaves it calls again.
func PublishSRT(t testing.TB, at, name string, b *Broadcast) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			c := gosrt.DefaultConfig()
			c.ConnectionTimeout = 200 * time.Millisecond
			conn, err := gosrt.Dial("srt", at, c)
			if err != nil {
				continue
			}
			b.At = Live(ctx)
			_ = b.Play(conn, name) // it ends when the listener does
			_ = conn.Close()       // it never fails
		}
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}
