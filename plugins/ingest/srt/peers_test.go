package srt_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
)

func TestFFmpegIsReadAsACallerAndAsAListener(t *testing.T) {
	t.Parallel()
	const name = "h264-bframes-aac"
	for mode, c := range map[string]struct{ theirs, ours string }{ // order-free: each has a port of its own
		"it calls":              {"mode=caller", "mode=listener"},
		"it listens":            {"mode=listener", "mode=caller"},
		"it calls, encrypted":   {"mode=caller&passphrase=a secret of ours&pbkeylen=32", "mode=listener&passphrase=a+secret+of+ours"},
		"it listens, encrypted": {"mode=listener&passphrase=a secret of ours&pbkeylen=24", "mode=caller&passphrase=a+secret+of+ours&pbkeylen=24"},
	} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			at := mpegtstest.FreePort(t)
			r := mpegtstest.NewRecorder()
			end, _ := run(t, ingest.Config{Source: "srt://" + at + "?" + c.ours}, r)
			mpegtstest.FFmpeg(t, name, "srt://"+at+"?transtype=live&connect_timeout=10000&"+c.theirs)
			epochs := r.Wait(t, 1, time.Second)
			if err := end(); err != nil {
				t.Error(err)
			}
			epochs[0].Same(t, name)
		})
	}
}

func TestFFmpegAsAServerRefusesAWrongPassphrase(t *testing.T) {
	t.Parallel()
	at := mpegtstest.FreePort(t)
	mpegtstest.FFmpeg(t, "h264-opus", "srt://"+at+"?mode=listener&passphrase=a secret of ours")
	for _, c := range []struct{ name, passphrase, says string }{
		{"another", "another+passphrase", "the passphrase is wrong"},
		{"none", "", "wants a passphrase"},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := "srt://" + at
			if c.passphrase != "" {
				source += "?passphrase=" + c.passphrase
			}
			_, done := run(t, ingest.Config{Source: source}, mpegtstest.NewRecorder())
			if err := ended(t, done); !errors.Is(err, ingest.ErrDenied) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Run returned %v", err)
			}
		})
	}
}

func TestAServerThatIsSilentAboutAPassphraseIsSaid(t *testing.T) {
	t.Parallel()
	at := mpegtstest.FreePort(t)
	mpegtstest.FFmpeg(t, "h264-opus", "srt://"+at+"?mode=listener&passphrase=a secret of ours")
	_, done := run(t, ingest.Config{Source: "srt://" + at + "?passphrase=a+secret+of+ours&pbkeylen=32"}, mpegtstest.NewRecorder())
	if err := ended(t, done); !errors.Is(err, ingest.ErrSource) || !strings.Contains(err.Error(), "no passphrase, or another pbkeylen") {
		t.Errorf("Run returned %v", err)
	}
}

// mediaMTX runs a real one with its server of SRT, whose address it answers.
func mediaMTX(t *testing.T, o tool.Options) (s *tool.Server, at string) {
	t.Helper()
	o.Dir, o.Progress = t.TempDir(), os.Stderr
	s, err := tool.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	at = mpegtstest.FreePort(t)
	body := fmt.Sprintf(`{"srt": true, "srtAddress": %q}`, at)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPatch, s.APIURL()+"/v3/config/global/patch", bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // it is empty
	if res.StatusCode != http.StatusOK {
		t.Fatalf("MediaMTX answers %s", res.Status)
	}
	return s, at
}

// feed plays a bundled clip into a path of s until the test ends, and returns once it is ready.
func feed(t *testing.T, s *tool.Server, name string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- clip.Publish(ctx, s.RTSPURL(name), clip.Options{Name: name}) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, clip.ErrDisconnected) && !errors.Is(err, context.Canceled) {
			t.Errorf("publish %s: %v", name, err)
		}
	})
	ready, stop := context.WithTimeout(t.Context(), mpegtstest.Patience)
	defer stop()
	if _, err := s.WaitReady(ready, name); err != nil {
		t.Fatal(err)
	}
}

func TestMediaMTXIsRead(t *testing.T) {
	t.Parallel()
	const locked = "h264-bframes-aac"
	s, at := mediaMTX(t, tool.Options{Paths: locked + ":\n  srtReadPassphrase: a secret of ours\nall_others:"})
	for name, query := range map[string]string{ // order-free: each has a path of its own
		"h264-opus": "", "h265-aac": "", locked: "&passphrase=a+secret+of+ours",
	} {
		feed(t, s, name)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := mpegtstest.NewRecorder()
			end, _ := run(t, ingest.Config{Source: "srt://" + at + "?streamid=read:" + name + query}, r)
			epochs := r.Wait(t, 1, time.Second)
			if err := end(); err != nil {
				t.Error(err)
			}
			epochs[0].SameWithin(t, name, 40*time.Millisecond) // MediaMTX aligns what comes by RTSP anew
		})
	}
	for name, query := range map[string]string{ // order-free: each is refused
		"nobody publishes there": "read:nothing",
		"without a passphrase":   "read:" + locked,
		"no path":                "",
	} {
		t.Run(name, func(t *testing.T) {
			_, done := run(t, ingest.Config{Source: "srt://" + at, Params: map[string]string{"streamid": query}}, mpegtstest.NewRecorder())
			if err := ended(t, done); !errors.Is(err, ingest.ErrDenied) || !strings.Contains(err.Error(), "is anything published under this streamid") {
				t.Errorf("Run returned %v", err)
			}
		})
	}
}
