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

func TestTheSegmentsOfFFmpegAreRead(t *testing.T) {
	t.Parallel()
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("SKIPPED: ffmpeg is not installed, so nothing but MediaMTX and our own origin is read (apt-get install ffmpeg)")
	}
	c, err := clip.Open("h264-480x270-aac")
	if err != nil {
		t.Fatal(err)
	}
	b, err := clip.Bytes(c.Name)
	if err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"mpegts", "fmp4"} {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			film := filepath.Join(t.TempDir(), "film.mp4")
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
			r := newRecorder(t, 2*time.Second)
			again := time.NewTicker(50 * time.Millisecond)
			defer again.Stop()
			for deadline := time.Now().Add(patience); ; <-again.C { // nothing is there until the first segment is whole
				_, err := play(t, ingest.Config{Source: s.URL + "/index.m3u8"}, r)
				if err == nil {
					break
				}
				if !errors.Is(err, ingest.ErrSource) || len(r.media) > 0 || time.Now().After(deadline) {
					t.Fatal(err)
				}
			}
			same(t, c, r)
		})
	}
}
