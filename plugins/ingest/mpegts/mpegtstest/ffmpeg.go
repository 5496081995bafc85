package mpegtstest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
)

// FFmpeg loops a bundled clip at its own speed into MPEG-TS at url, with further options of the output, until stop is called or
// the test ends. A test that needs it is skipped, loudly, where there is none.
func FFmpeg(t testing.TB, name, url string, options ...string) (stop func()) {
	t.Helper()
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Skip("SKIPPED: ffmpeg is not installed, so no MPEG-TS of another make is read (apt-get install ffmpeg)")
	}
	b, err := clip.Bytes(name)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "clip.mp4")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	args := append([]string{"-v", "error", "-re", "-stream_loop", "-1", "-i", file, "-c", "copy", "-f", "mpegts"}, append(options, url)...)
	var says bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stderr = &says
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(func() {
		cancel()
		_ = cmd.Wait() // it was killed
		if says.Len() > 0 {
			t.Logf("ffmpeg says: %s", says.Bytes())
		}
	})
	t.Cleanup(stop)
	return stop
}
