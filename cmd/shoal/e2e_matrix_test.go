//go:build unix

package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/cmd/shoal/clip/cliptest"
	"github.com/shoal-live/shoal/cmd/shoal/watch"
)

// window is how much of every stream is received and compared: less of it where -short asks for less, as `make check` does
// with the race detector.
func window() time.Duration {
	if testing.Short() {
		return 5 * time.Second
	}
	return 20 * time.Second
}

// alignment is how far sound and picture may be apart from how they went in.
const alignment = 40 * time.Millisecond

// TestEveryFrameOfEveryCodecArrivesAtTheViewersPlayers sends every bundled clip through a real MediaMTX, the swarm and a
// viewer, all at once, and reads the viewer's RTSP and LL-HLS outputs for the window.
func TestEveryFrameOfEveryCodecArrivesAtTheViewersPlayers(t *testing.T) {
	media := mediaServer(t, tool.Options{})
	for _, name := range clip.Names() {
		publish(t, media, name, name)
	}
	s := startSource(t, loopback(t, media.APIURL()))
	atOnce := len(clip.Names())
	if testing.Short() {
		atOnce = 3 // the race detector takes ten times the processor
	}
	turns := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	var mu sync.Mutex
	received := make(map[string]*cliptest.Recording)
	for _, name := range clip.Names() {
		each := func(t *testing.T) {
			c, err := clip.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = c.Close() }()
			hls, rtsp := outputsOf(t, s.live(t, name))
			var both sync.WaitGroup
			both.Go(func() {
				r := checkRTSP(t, c, rtsp)
				mu.Lock()
				defer mu.Unlock()
				received[name] = r
			})
			both.Go(func() { checkHLS(t, hls) })
			both.Wait()
		}
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			t.Run(name, each)
		})
	}
	all.Wait()
	for name, r := range received { // now: it takes the processor from those that receive
		t.Run("decode "+name, func(t *testing.T) { decodes(t, r) })
	}
}

// outputsOf starts a viewer with both servers and answers their URLs once they play.
func outputsOf(t *testing.T, url string) (hls, rtsp string) {
	t.Helper()
	found := make(chan string, 16)
	v := startViewer(t, watch.Options{URL: url, HLS: "127.0.0.1:0", RTSP: "127.0.0.1:0", Ready: func(_ string, urls []string) {
		for _, u := range urls {
			select {
			case found <- u:
			default:
			}
		}
	}})
	limit := time.After(40 * time.Second)
	for hls == "" || rtsp == "" {
		select {
		case u := <-found:
			switch {
			case strings.HasSuffix(u, ".m3u8"):
				hls = u
			case strings.HasPrefix(u, "rtsp://"):
				rtsp = u
			}
		case <-limit:
			t.Fatalf("after 40 s the outputs are %q and %q", hls, rtsp)
		}
	}
	v.plays(t, 40)
	return hls, rtsp
}

// checkRTSP receives the window and compares it with the clip; it answers nil when nothing came.
func checkRTSP(t *testing.T, c *clip.Clip, url string) *cliptest.Recording {
	ctx, cancel := context.WithTimeout(context.Background(), window()+40*time.Second)
	defer cancel()
	r, err := cliptest.Receive(ctx, url, window())
	if err != nil {
		t.Errorf("RTSP: %v", err)
		return nil
	}
	if err := r.CheckWhole(c); err != nil {
		t.Errorf("RTSP: %v", err)
	}
	skew, err := r.Skew(c)
	if err != nil || skew.Abs() > alignment {
		t.Errorf("RTSP: sound is %v later than it went in (%v)", skew, err)
	}
	t.Logf("RTSP: %d and %d units, sound %v later than it went in", len(r.Tracks[0].Units), len(r.Tracks[len(r.Tracks)-1].Units), skew)
	return r
}

// decodes has every frame that came decoded.
func decodes(t *testing.T, r *cliptest.Recording) {
	if r == nil {
		t.Fatal("nothing came")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	switch err := r.Decode(ctx, t.TempDir()); {
	case errors.Is(err, cliptest.ErrNoFFmpeg):
		t.Log("NOT DECODED: ffmpeg is missing; apt-get install ffmpeg, and this test decodes every frame")
	case err != nil:
		t.Errorf("RTSP: %v", err)
	}
}

// checkHLS has ffmpeg decode the window; it must have nothing to complain about.
func checkHLS(t *testing.T, url string) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Log("NOT DECODED: ffmpeg is missing; apt-get install ffmpeg, and this test decodes every frame")
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), window()+60*time.Second)
	defer cancel()
	var complaints bytes.Buffer
	cmd := exec.CommandContext(ctx, "ffmpeg", "-hide_banner", "-loglevel", "error", "-xerror", "-i", url, "-t", fmt.Sprint(window().Seconds()), "-f", "null", "-")
	cmd.Stderr = &complaints
	if err := cmd.Run(); err != nil || strings.TrimSpace(complaints.String()) != "" {
		t.Errorf("HLS: ffmpeg ended with %v and says:\n%s", err, complaints.String())
	}
}
