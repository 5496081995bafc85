package mpegts_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
)

func TestANamedPipeIsReadUntilItsWriterEnds(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "feed")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg := ingest.Config{Source: "pipe://" + path}
	r := mpegtstest.NewRecorder()
	_, done := run(t, cfg, r)
	w, err := os.OpenFile(path, os.O_WRONLY, 0) // waits for the reader
	if err != nil {
		t.Fatal(err)
	}
	stop := mpegtstest.Send(t, w, "h264-bframes-aac", &mpegtstest.Broadcast{})
	epochs := r.Wait(t, 1, 500*time.Millisecond)
	stop()
	fails(t, done, ingest.ErrSource, "the writer has ended")
	epochs[0].Same(t, "h264-bframes-aac")
}

func TestAPipeThatNobodyWritesToIsGivenUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "feed")
	_, done := run(t, ingest.Config{Source: "pipe://" + path}, mpegtstest.NewRecorder())
	fails(t, done, ingest.ErrSource, "make it with mkfifo")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	_, done = run(t, ingest.Config{Source: "pipe://" + path, Params: impatient}, mpegtstest.NewRecorder())
	fails(t, done, ingest.ErrSource, "nothing came in 1s")
	in, err := mpegts.New(ingest.Config{Source: "pipe://" + path})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if err := in.Run(ctx, mpegtstest.NewRecorder()); err != nil || time.Since(begun) > 2*time.Second {
		t.Errorf("Run returned %v after %v", err, time.Since(begun))
	}
}

func TestAFileIsNoPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "film.ts")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, done := run(t, ingest.Config{Source: "pipe://" + path}, mpegtstest.NewRecorder())
	fails(t, done, ingest.ErrSource, "is no pipe")
}

// TestStandardInputIsRead changes the test's own, so it runs alone.
func TestStandardInputIsRead(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	saved, err := syscall.Dup(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Dup3(int(read.Fd()), 0, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := syscall.Dup3(saved, 0, 0); err != nil {
			t.Error(err)
		}
		_, _ = syscall.Close(saved), read.Close() // both were copies
	})
	r := mpegtstest.NewRecorder()
	_, done := run(t, ingest.Config{Source: "-"}, r)
	stop := mpegtstest.Send(t, write, "h264-opus", &mpegtstest.Broadcast{})
	epochs := r.Wait(t, 1, 500*time.Millisecond)
	stop()
	fails(t, done, ingest.ErrSource, "the writer has ended on standard input")
	epochs[0].Same(t, "h264-opus")
}
