package hls_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/core/ingest"
)

// startingFFmpeg reads what ffmpeg makes of a clip.
func startingFFmpeg(form string) func(*testing.T) func(*testing.T) {
	return func(t *testing.T) func(*testing.T) {
		path, err := exec.LookPath("ffmpeg")
		if err != nil {
			return func(t *testing.T) {
				t.Skip("SKIPPED: ffmpeg is not installed, so nothing but MediaMTX and our own origin is read (apt-get install ffmpeg)")
			}
		}
		const name = "h264-480x270-aac"
		c, err := clip.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		b, err := clip.Bytes(name)
		if err != nil {
			t.Fatal(err)
		}
		dir, film := t.TempDir(), filepath.Join(t.TempDir(), "film.mp4")
		if err := os.WriteFile(film, b, 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), path, "-v", "error", "-re", "-i", film, "-c", "copy", "-f", "hls", "-hls_time", "1",
			"-hls_segment_type", form, "-hls_flags", "independent_segments", filepath.Join(dir, "index.m3u8"))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Wait() }) // killed by the context
		s := httptest.NewServer(http.FileServer(http.Dir(dir)))
		t.Cleanup(s.Close)
		r := newRecorder(t, time.Second)
		done := make(chan error, 1)
		go func() { done <- insist(t, s.URL+"/index.m3u8", r) }()
		return func(t *testing.T) {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			same(t, c, r)
		}
	}
}

// insist reads until something came: nothing is there until the first segment is whole.
func insist(t *testing.T, url string, r *recorder) error {
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(patience); ; <-again.C {
		_, err := play(t, ingest.Config{Source: url}, r)
		if err == nil || !errors.Is(err, ingest.ErrSource) || len(r.media) > 0 || time.Now().After(deadline) {
			return err
		}
	}
}
