package mpegtstest

import (
	"context"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	gosrt "github.com/datarhei/gosrt"
)

// FreePort is a UDP address on loopback that nobody has now. It is none of those that the system gives to connections, such as
// those of tests beside this one.
func FreePort(t testing.TB) string {
	t.Helper()
	for range 100 {
		at := net.JoinHostPort("127.0.0.1", strconv.Itoa(20_000+rand.IntN(10_000)))
		c, err := net.ListenPacket("udp4", at)
		if err != nil {
			continue
		}
		_ = c.Close() // only its number was wanted
		return at
	}
	t.Fatal("no port is free")
	return ""
}

// Send plays a clip live to w until stop is called or the test ends, or w fails.
func Send(t testing.TB, w io.WriteCloser, name string, b *Broadcast) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	b.Live(ctx)
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

// Connect is call to a Unix socket.
func Connect(t testing.TB, path, name string, b *Broadcast) (stop func()) {
	t.Helper()
	return call(t, func() (io.WriteCloser, error) { return net.Dial("unix", path) }, name, b)
}

// PublishSRT is call to a listener of SRT.
func PublishSRT(t testing.TB, at, name string, b *Broadcast) (stop func()) {
	t.Helper()
	return call(t, func() (io.WriteCloser, error) {
		c := gosrt.DefaultConfig()
		c.ConnectionTimeout = 200 * time.Millisecond
		return gosrt.Dial("srt", at, c)
	}, name, b)
}

// call connects, as soon as somebody listens, and plays a clip live from its beginning until stop is called or the test ends.
// When the listener leaves or refuses it calls again.
func call(t testing.TB, dial func() (io.WriteCloser, error), name string, b *Broadcast) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for ctx.Err() == nil {
			<-tick.C
			w, err := dial()
			if err != nil {
				continue
			}
			closing := context.AfterFunc(ctx, func() { _ = w.Close() }) // a write that blocks ends
			b.Live(ctx)
			_ = b.Play(w, name) // it ends when the listener does
			closing()
			_ = w.Close() // a second time, perhaps
		}
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}
