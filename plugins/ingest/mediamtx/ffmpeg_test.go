package mediamtx_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mediamtx"
)

// TestAFreshPublisherIsAligned: ffmpeg connects after it has started its clock, so that what it sends first is late. Read
// from the first moment, and with pictures out of order, audio and video must still be as far apart as in the file.
func TestAFreshPublisherIsAligned(t *testing.T) {
	s := server(t, tool.Options{})
	for _, name := range []string{"h264-bframes-aac", "clock", "h264-opus", "h265-aac"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			publishFFmpeg(t, s, name)
			r := newRecorder()
			in, end, _ := run(t, mediamtx.New, ingest.Config{Source: name, Params: map[string]string{"api": s.APIURL()}}, r)
			r.wait(t, "four seconds of media", lasts(1, watched))
			if err := end(); err != nil {
				t.Fatal(err)
			}
			same(t, name, r.epochs[0])
			decodes(t, r.epochs[0])
			delay(t, in.(ingest.Measurer).Measured(), r.epochs[0])
		})
	}
}

// publishFFmpeg loops a clip at its own speed.
func publishFFmpeg(t *testing.T, s *tool.Server, name string) {
	t.Helper()
	b, err := clip.Bytes(name)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "clip.mp4")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, ffmpeg(t), "-v", "fatal", "-re", "-stream_loop", "-1", "-i", file,
		"-c", "copy", "-f", "rtsp", "-rtsp_transport", "tcp", s.RTSPURL(name))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // it was killed
	})
	ready, stop := context.WithTimeout(t.Context(), patience)
	defer stop()
	if _, err := s.WaitReady(ready, name); err != nil {
		t.Fatal(err)
	}
}
