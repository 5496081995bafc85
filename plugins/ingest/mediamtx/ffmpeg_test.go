package mediamtx_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp/rtsptest"
)

// TestAFreshPublisherIsAligned: ffmpeg connects after it has started its clock, so that what it sends first is late. Read
// from the first moment, and with pictures out of order, audio and video must still be as far apart as in the file.
func TestAFreshPublisherIsAligned(t *testing.T) {
	t.Parallel()
	s := rtsptest.Server(t, tool.Options{})
	clips := []string{"h264-bframes-aac", "clock", "h264-opus", "h265-aac"}
	readings := make([]*reading, len(clips))
	for i, name := range clips {
		publishFFmpeg(t, s, name)
		readings[i] = read(t, s, name)
	}
	for i, name := range clips {
		t.Run(name, func(t *testing.T) { readings[i].judge(t) })
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
