package mpegts_test

import (
	"bytes"
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
)

// run starts an ingest; end stops it and gives Run's error.
func run(t *testing.T, cfg ingest.Config, sink ingest.Sink) (end func() error, done <-chan error) {
	t.Helper()
	in, err := mpegts.New(cfg)
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
		return nil
	}
}

// record is a broadcast of so much media in one piece.
func record(t testing.TB, name string, length time.Duration, b *mpegtstest.Broadcast) []byte {
	t.Helper()
	b.Length = length
	var out bytes.Buffer
	if err := b.Play(&out, name); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// read reads a recording to its end, and answers what came, the log and the error.
func read(t testing.TB, recording []byte, params map[string]string) ([]mpegtstest.Epoch, string, error) {
	t.Helper()
	var log bytes.Buffer
	s, err := mpegts.NewStream(ingest.Config{Params: params, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	s.Name = "test"
	r := mpegtstest.NewRecorder()
	err = mpegts.Read(bytes.NewReader(recording), s, r)
	return r.Epochs(), log.String(), err
}

// socket is a path of the test's that is short enough for a socket.
func socket(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	if len(path) > 100 {
		t.Fatalf("%s is too long for a socket", path)
	}
	return path
}

// says wants a log to have exactly so many lines with a text.
func says(t *testing.T, log, text string, times int) {
	t.Helper()
	if n := strings.Count(log, text); n != times {
		t.Errorf("the log says %q %d times, not %d:\n%s", text, n, times, log)
	}
}
