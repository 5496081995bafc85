//go:build unix

package main_test

import (
	"context"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/core/event"
)

func TestMediaServerThatIsAbsentIsNamedAndItsPathsAreSharedOnceItComes(t *testing.T) {
	t.Parallel()
	media := mediaServer(t, tool.Options{})
	media.Stop()
	s := startSource(t, loopback(t, media.APIURL()))
	eventually(t, 5*time.Second, "the log names the API that does not answer", func() bool {
		return strings.Contains(s.text(), "media server") && strings.Contains(s.text(), strings.TrimPrefix(media.APIURL(), "http://"))
	})
	if err := media.Restart(context.Background()); err != nil {
		t.Fatal(err)
	}
	publish(t, media, "cam1", "h264-opus")
	url := s.live(t, "cam1")
	if n := strings.Count(s.text(), "level=ERROR"); n != 1 {
		t.Errorf("%d errors in the log, want the one about the media server", n)
	}
	audience(t, url, 1)
}

func TestViewersKeepTheirLinksWhenTheMediaServerRestarts(t *testing.T) {
	t.Parallel()
	media := mediaServer(t, tool.Options{})
	publish(t, media, "cam1", "h264-opus")
	s := startSource(t, loopback(t, media.APIURL()))
	viewers := audience(t, s.live(t, "cam1"), 3)
	resumes(t, s, viewers, func() {
		media.Kill()
		eventually(t, 10*time.Second, "an event says that the path cannot be read", func() bool { return len(happened[event.IngestFailed](s.history)) > 0 })
		if err := media.Restart(context.Background()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestViewersKeepTheirLinksWhenThePublisherComesBackWithAnotherResolution(t *testing.T) {
	t.Parallel()
	media := mediaServer(t, tool.Options{})
	stop := publish(t, media, "cam1", "h264-opus")
	s := startSource(t, loopback(t, media.APIURL()))
	viewers := audience(t, s.live(t, "cam1"), 3)
	resumes(t, s, viewers, func() {
		stop()
		stop = publish(t, media, "cam1", "h264-480x270-aac")
	})
	live := happened[event.StreamAvailable](s.history)
	if last := live[len(live)-1]; len(last.Tracks) == 0 || last.Tracks[0].Width != 480 {
		t.Errorf("the new epoch has tracks %+v, want 480 wide", last.Tracks)
	}
	resumes(t, s, viewers, func() {
		stop()
		publish(t, media, "cam1", "h265-aac")
	})
	live = happened[event.StreamAvailable](s.history)
	if last := live[len(live)-1]; len(last.Tracks) == 0 || !strings.HasPrefix(last.Tracks[0].Codec, "hvc1") && !strings.HasPrefix(last.Tracks[0].Codec, "hev1") {
		t.Errorf("the new epoch has tracks %+v, want H.265", last.Tracks)
	}
}

// resumes checks that viewers play a new epoch within 5 s after trouble, over the links that they had.
func resumes(t *testing.T, s *source, viewers []*viewer, trouble func()) {
	t.Helper()
	before := linked(viewers, s.Node())
	if len(before) == 0 {
		t.Fatal("no viewer is linked to the source")
	}
	first, _ := viewers[0].stats()
	epochs := len(happened[event.StreamAvailable](s.history))
	trouble()
	back := eventually(t, 10*time.Second, "the stream is live again", func() bool {
		return len(happened[event.StreamAvailable](s.history)) > epochs
	})
	began := time.Now()
	for _, v := range viewers {
		eventually(t, 5*time.Second-time.Since(began), "a viewer plays the new epoch", func() bool {
			now, ok := v.stats()
			return ok && now.Epoch > first.Epoch && now.Playing && now.Buffer > 0
		})
	}
	t.Logf("live again %v after the trouble, all viewers play %v later", back, time.Since(began))
	play(t, viewers, 20)
	for v, l := range before {
		if now := v.linkTo(s.Node()); now != l {
			t.Errorf("a viewer's link to the source was %d and is %d", l, now)
		}
	}
}

// ffmpeg runs ffmpeg until the test is over.
func ffmpeg(t *testing.T, args ...string) {
	t.Helper()
	path, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatal("ffmpeg is needed (apt-get install ffmpeg)")
	}
	keep(t, func(ctx context.Context) {
		out, err := exec.CommandContext(ctx, path, append([]string{"-hide_banner", "-loglevel", "error", "-nostdin"}, args...)...).CombinedOutput()
		if ctx.Err() == nil {
			t.Errorf("ffmpeg ended: %v\n%s", err, out)
		}
	})
}

func TestPathWithACodecThatCannotBeCarriedIsNamedOnceAndOthersPlayOn(t *testing.T) {
	t.Parallel()
	media := mediaServer(t, tool.Options{})
	publish(t, media, "good", "h264-opus")
	ffmpeg(t, "-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=8000", "-c:a", "pcm_mulaw", "-f", "rtsp", "-rtsp_transport", "tcp", media.RTSPURL("phone"))
	s := startSource(t, loopback(t, media.APIURL()))
	failures := func() (list []event.IngestFailed) {
		for _, e := range happened[event.IngestFailed](s.history) {
			if e.Name == "phone" {
				list = append(list, e)
			}
		}
		return list
	}
	eventually(t, 20*time.Second, "an event names the path that cannot be carried", func() bool { return len(failures()) > 0 })
	if cause := failures()[0].Cause; !strings.Contains(cause, "G711") && !strings.Contains(cause, "PCMU") {
		t.Errorf("the event does not name the codec: %s", cause)
	}
	v := audience(t, s.live(t, "good"), 1)[0]
	v.plays(t, 40)
	if reason := s.reason("phone"); s.state("phone") == "live" || !strings.Contains(reason, "G711") {
		t.Errorf("the path with G.711 is %q because %q", s.state("phone"), reason)
	}
	lines := 0
	for l := range strings.Lines(s.text()) {
		if strings.Contains(l, "phone") && (strings.Contains(l, "level=ERROR") || strings.Contains(l, "level=WARN")) {
			lines++
		}
	}
	if lines != 1 {
		t.Errorf("%d lines in the log are about the path, want 1", lines)
	}
}

func TestPathThatAnonymousReadersMayNotReadIsSharedOnlyWhenTheConfigSaysSo(t *testing.T) {
	t.Parallel()
	media := mediaServer(t, tool.Options{Auth: tool.ReadableOnly("open")})
	publish(t, media, "open", "h264-opus")
	publish(t, media, "closed", "h264-opus")
	publish(t, media, "opened", "h264-opus")
	c := loopback(t, media.APIURL())
	c.MediaMTX.User, c.MediaMTX.Pass = "reader", "secret"
	c.Streams = map[string]config.Stream{"opened": {Access: "public"}}
	s := startSource(t, c)
	s.live(t, "open")
	s.live(t, "opened")
	eventually(t, 5*time.Second, "the closed path is known", func() bool { return s.state("closed") != "" })
	if s.state("closed") != "not shared" || !strings.Contains(s.reason("closed"), "streams.closed.access") {
		t.Errorf("the closed path is %q because %q", s.state("closed"), s.reason("closed"))
	}
	_, stderr, err := run(t, 10*time.Second, "watch", "--hls=", "--rtsp=", s.Base()+"/closed")
	if err == nil || !strings.Contains(stderr, "closed") {
		t.Errorf("a viewer of the closed path is told: %v\n%s", err, stderr)
	}
}

func TestPathsThatComeAndGoAreFollowed(t *testing.T) {
	t.Parallel()
	media := mediaServer(t, tool.Options{})
	s := startSource(t, loopback(t, media.APIURL()))
	stop := publish(t, media, "first", "h264-opus")
	v := audience(t, s.live(t, "first"), 1)[0]
	publish(t, media, "deep/second", "vp9-opus")
	s.live(t, "deep/second")
	audience(t, s.Base()+"/deep/second", 1)
	v.plays(t, 20)
	stop()
	eventually(t, 20*time.Second, "the path that is gone is forgotten", func() bool { return s.state("first") == "" })
	gone := happened[event.StreamUnavailable](s.history)
	if len(gone) != 1 || gone[0].Name != "first" {
		t.Errorf("the events say that these are gone: %+v", gone)
	}
	publish(t, media, "first", "h264-opus")
	s.live(t, "first")
	v.plays(t, 20)
}
