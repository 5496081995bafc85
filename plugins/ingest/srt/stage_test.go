package srt_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	gosrt "github.com/datarhei/gosrt"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
	"github.com/shoal-live/shoal/plugins/ingest/srt"
)

// freePort is a UDP address that nobody has now.
func freePort(t *testing.T) string {
	t.Helper()
	c, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }() // only its number was wanted
	return c.LocalAddr().String()
}

// server is one that gives each caller what play makes of it.
type server struct {
	at       string
	listener gosrt.Listener
	all      sync.WaitGroup
}

// serve listens until the test ends or close is called. A caller with another passphrase is refused.
func serve(t *testing.T, passphrase string, play func(context.Context, gosrt.Conn)) *server {
	t.Helper()
	l, err := gosrt.Listen("srt", "127.0.0.1:0", gosrt.DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	s := &server{at: l.Addr().String(), listener: l}
	ctx, cancel := context.WithCancel(context.Background())
	s.all.Go(func() {
		for {
			r, err := l.Accept2()
			if err != nil {
				return
			}
			if passphrase != "" && (!r.IsEncrypted() || r.SetPassphrase(passphrase) != nil) {
				r.Reject(gosrt.REJ_BADSECRET)
				continue
			}
			c, err := r.Accept()
			if err != nil {
				continue
			}
			s.all.Go(func() {
				play(ctx, c)
				_ = c.Close() // it never fails
			})
		}
	})
	t.Cleanup(func() { cancel(); l.Close(); s.all.Wait() })
	return s
}

// plays sends a clip live.
func plays(name string, b *mpegtstest.Broadcast) func(context.Context, gosrt.Conn) {
	return func(ctx context.Context, c gosrt.Conn) {
		b := &mpegtstest.Broadcast{Silent: b.Silent, At: mpegtstest.Live(ctx)}
		_ = b.Play(c, name) // it ends when the caller leaves
	}
}

// publish calls a listener, until there is one, and sends a clip live until stop or the test ends.
func publish(t *testing.T, at, name string, b *mpegtstest.Broadcast) (stop func()) {
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
			b.At = mpegtstest.Live(ctx)
			_ = b.Play(conn, name) // it ends when the listener does
			_ = conn.Close()       // it never fails
		}
	}()
	stop = sync.OnceFunc(func() { cancel(); <-done })
	t.Cleanup(stop)
	return stop
}

// run starts an ingest; end stops it and gives Run's error.
func run(t *testing.T, cfg ingest.Config, sink ingest.Sink) (end func() error, done <-chan error) {
	t.Helper()
	in, err := srt.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- in.Run(ctx, sink) }()
	t.Cleanup(cancel)
	return func() error { cancel(); return <-ran }, ran
}

func ended(t *testing.T, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(mpegtstest.Patience):
		t.Fatal("Run did not return")
		return errors.New("unreachable")
	}
}
