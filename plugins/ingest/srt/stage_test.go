package srt_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	gosrt "github.com/datarhei/gosrt"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
	"github.com/shoal-live/shoal/plugins/ingest/srt"
)

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
		b := &mpegtstest.Broadcast{Silent: b.Silent}
		b.Live(ctx)
		_ = b.Play(c, name) // it ends when the caller leaves
	}
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
