//go:build linux

package main_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip/cliptest"
	"github.com/shoal-live/shoal/cmd/shoal/watch"
)

func TestPipedStreamDecodesWithoutAnError(t *testing.T) {
	t.Parallel()
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	s := startSource(t, loopback(t, media.APIURL()))
	url := s.live(t, "cam1")
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p := startWith(t, w, "watch", "--pipe", "--listen=127.0.0.1:0", url)
	_ = w.Close() // the process holds its own
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	decode := exec.CommandContext(ctx, "ffmpeg", "-hide_banner", "-loglevel", "warning", "-xerror", "-i", "-", "-t", "5", "-f", "null", "-")
	decode.Stdin = r
	var says bytes.Buffer
	decode.Stderr = &says
	err = decode.Run()
	_ = r.Close()
	if err != nil || strings.TrimSpace(says.String()) != "" {
		t.Errorf("ffmpeg ended with %v and says:\n%s", err, says.String())
	}
	if err := p.wait(t, 5*time.Second); err != nil {
		t.Errorf("once its player had gone it ended with %v", err)
	}
	p.endsAtInterrupt(t) // it has ended, and all its own with it
}

func TestViewerPublishesIntoAMediaServerAndAnotherPullsFromItOnDemand(t *testing.T) {
	t.Parallel()
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	s := startSource(t, loopback(t, media.APIURL()))
	url := s.live(t, "cam1")
	into := mediaServer(t, tool.Options{})
	rtsp := "127.0.0.1:" + freePort(t)
	startViewer(t, watch.Options{URL: url, RTSP: rtsp, Publish: into.RTSPURL("copy")})
	edge := mediaServer(t, tool.Options{Paths: "cam1:\n  source: rtsp://" + rtsp + "/cam1\n  sourceOnDemand: yes\n  rtspTransport: tcp"})
	ctx, cancel := context.WithTimeout(context.Background(), 40*time.Second)
	defer cancel()
	if _, err := into.WaitReady(ctx, "copy"); err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{into.RTSPURL("copy"), edge.RTSPURL("cam1")} {
		r, err := cliptest.Receive(ctx, where, 3*time.Second)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Decode(ctx, t.TempDir()); err != nil {
			t.Errorf("%s: %v", where, err)
		}
	}
}

func TestViewerWhosePortIsInUseSaysSoOnceAndPlaysOnTheOthers(t *testing.T) {
	t.Parallel()
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	s := startSource(t, loopback(t, media.APIURL()))
	url := s.live(t, "cam1")
	played := filepath.Join(t.TempDir(), "played.mp4")
	for _, o := range []watch.Options{
		{URL: url, Pipe: played, HLS: busy.Addr().String()}, {URL: url, Pipe: played, RTSP: busy.Addr().String()},
	} {
		v := startViewer(t, o)
		v.plays(t, 20)
		var told []string
		for l := range strings.Lines(v.text()) {
			if strings.Contains(l, "level=ERROR") {
				told = append(told, l)
			}
		}
		if len(told) != 1 || !strings.Contains(told[0], busy.Addr().String()) || !strings.Contains(told[0], "choose another address") {
			t.Errorf("it says %q, want one line that names the address and the way out", told)
		}
	}
}

func TestLateViewersPlayLongIntervalsAndBigKeyFrames(t *testing.T) {
	t.Parallel()
	media := mediaServer(t, tool.Options{})
	publish(t, media, "long", "h264-long-gop-aac")
	publish(t, media, "big", "h264-big-keys-aac")
	s := startSource(t, loopback(t, media.APIURL()))
	urls := []string{s.live(t, "long"), s.live(t, "big")}
	early := append(audience(t, urls[0], 1), audience(t, urls[1], 1)...)
	play(t, early, 100) // well into the interval of the long one
	for _, url := range urls {
		v := startViewer(t, watch.Options{URL: url, Pipe: filepath.Join(t.TempDir(), "played.mp4")})
		took := eventually(t, 5*time.Second, "a late viewer plays "+v.Name(), func() bool {
			s, ok := v.stats()
			return ok && s.Playing
		})
		v.plays(t, 80)
		stats, _ := v.stats()
		r := v.recorded(t)
		t.Logf("%s: plays %v after the join, %d of %d groups missed, %v of sound missing", v.Name(), took, stats.Groups.Missed, stats.Groups.Due, r.lost(0))
		if r.lost(0) > 200*time.Millisecond {
			t.Errorf("%s: %v of sound is missing", v.Name(), r.lost(0))
		}
	}
}
