package publish_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/cmd/shoal/clip/cliptest"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/plugins/egress/material"
	"github.com/shoal-live/shoal/plugins/egress/publish"
)

const most = 40 * time.Millisecond // that audio and video may come apart

// publishing plays a clip in real time to url until the test ends.
func publishing(t *testing.T, name, url string) {
	t.Helper()
	epoch := material.Epoch(t, name, 1, 30*time.Second)
	e, err := publish.New(egress.Config{Stream: name, Listen: url})
	if err != nil {
		t.Fatal(err)
	}
	material.Run(t, e, func(ctx context.Context, feed chan<- egress.Item) { material.Play(ctx, feed, epoch) })
}

func TestEveryFrameArrivesOnceAlignedAndDecodes(t *testing.T) {
	t.Parallel()
	// By absolute timestamps MediaMTX passes our clock on instead of its own.
	server := mediaMTX(t, tool.Options{Paths: "all_others:\n  useAbsoluteTimestamp: true"})
	type received struct {
		rec *cliptest.Recording
		err error
	}
	all := map[string]<-chan received{}
	names := []string{"clock", "h264-bframes-aac", "h265-aac", "av1-opus", "vp9-opus"}
	for _, name := range names {
		publishing(t, name, server.RTSPURL(name))
		out := make(chan received, 1)
		all[name] = out
		go func() {
			_, err := server.WaitReady(t.Context(), name)
			if err != nil {
				out <- received{err: err}
				return
			}
			// MediaMTX reports its clock every 10 s: a shorter look may see no report.
			rec, err := cliptest.Receive(t.Context(), server.RTSPURL(name), 12*time.Second)
			out <- received{rec, err}
		}()
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			r := <-all[name]
			if r.err != nil {
				t.Fatal(r.err)
			}
			c, err := clip.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.rec.CheckWhole(c); err != nil {
				t.Error(err)
			}
			if skew, err := r.rec.Skew(c); err != nil || skew.Abs() > most {
				t.Errorf("sound is %v off: %v", skew, err)
			}
			if err := r.rec.Decode(t.Context(), t.TempDir()); errors.Is(err, cliptest.ErrNoFFmpeg) {
				t.Skipf("SKIPPED: frames were not decoded: %v", err)
			} else if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestItConnectsAgainWhenTheServerWasRestarted(t *testing.T) {
	t.Parallel()
	server := mediaMTX(t, tool.Options{})
	publishing(t, "clock", server.RTSPURL("cam1"))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := server.WaitReady(ctx, "cam1"); err != nil {
		t.Fatal(err)
	}
	server.Kill()
	if err := server.Restart(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := server.WaitReady(ctx, "cam1"); err != nil {
		t.Fatal(err)
	}
	if _, err := cliptest.Receive(ctx, server.RTSPURL("cam1"), time.Second); err != nil {
		t.Fatal(err)
	}
}

func TestWhatTheServerRefusesIsAnOutputErrorThatSaysWhy(t *testing.T) {
	t.Parallel()
	auth := tool.ReadableOnly("cam1") // all may publish
	auth = strings.Replace(auth, "action: publish", "action: playback", 1)
	server := mediaMTX(t, tool.Options{Auth: auth})
	epoch := material.Epoch(t, "clock", 1, time.Second)
	url := strings.Replace(server.RTSPURL("cam1"), "rtsp://", "rtsp://me:wrong-secret@", 1)
	e, err := publish.New(egress.Config{Stream: "cam1", Listen: url})
	if err != nil {
		t.Fatal(err)
	}
	feed := make(chan egress.Item, 1)
	feed <- egress.Begin{Descriptor: epoch.Descriptor}
	err = e.Run(t.Context(), feed, func([]string) {})
	if !errors.Is(err, egress.ErrOutput) || !strings.Contains(err.Error(), "wants another user or password") {
		t.Errorf("Run: %v", err)
	}
	if err != nil && strings.Contains(err.Error(), "wrong-secret") {
		t.Errorf("the error shows the password: %v", err)
	}
}

func TestALostConnectionIsMadeAgain(t *testing.T) {
	t.Parallel()
	server := mediaMTX(t, tool.Options{})
	between := newProxy(t, "127.0.0.1:0", port(server.RTSPURL("")))
	publishing(t, "clock", "rtsp://"+between.address()+"/cam1")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for range 3 {
		if _, err := server.WaitReady(ctx, "cam1"); err != nil {
			t.Fatal(err)
		}
		if _, err := cliptest.Receive(ctx, server.RTSPURL("cam1"), 500*time.Millisecond); err != nil {
			t.Fatal(err)
		}
		between.cut()
		for ready := true; ready; {
			list, err := server.Paths(ctx)
			if err != nil {
				t.Fatal(err)
			}
			ready = len(list) > 0 && list[0].Ready
		}
	}
}
