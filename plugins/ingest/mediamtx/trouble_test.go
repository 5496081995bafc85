package mediamtx_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/format"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mediamtx"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp/rtsptest"
)

func TestAPublisherThatComesBackOtherwiseIsReadAnew(t *testing.T) {
	t.Parallel()
	s := rtsptest.Server(t, tool.Options{})
	stop := rtsptest.Publish(t, s, "cam", "h264-opus")
	cfg := ingest.Config{Source: "cam", Params: map[string]string{"api": s.APIURL()}}
	r := newRecorder()
	_, _, done := run(t, mediamtx.New, cfg, r)
	r.wait(t, "a second of media", lasts(1, time.Second))
	stop()
	if err := ended(t, done); !errors.Is(err, ingest.ErrSource) {
		t.Fatalf("Run returned %v", err)
	}
	rtsptest.Publish(t, s, "cam", "h264-480x270-aac")
	_, end, _ := run(t, mediamtx.New, cfg, r)
	r.wait(t, "media of the second publisher", lasts(2, time.Second))
	if err := end(); err != nil {
		t.Error(err)
	}
	if k := r.epochs[1].media.Tracks[0]; k.Width != 480 || k.Height != 270 {
		t.Errorf("the second epoch is %d x %d", k.Width, k.Height)
	}
	decodes(t, r.epochs[1])
}

func ended(t *testing.T, done <-chan error) error {
	t.Helper()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		t.Fatal("Run did not return")
		return nil
	}
}

func TestAServerThatStopsIsErrSource(t *testing.T) {
	t.Parallel()
	s := rtsptest.Server(t, tool.Options{})
	rtsptest.Publish(t, s, "cam", "h264-opus")
	r := newRecorder()
	_, _, done := run(t, mediamtx.New, ingest.Config{Source: s.RTSPURL("cam")}, r)
	r.wait(t, "a group", lasts(1, 0))
	s.Kill()
	if err := ended(t, done); !errors.Is(err, ingest.ErrSource) {
		t.Errorf("Run returned %v", err)
	}
}

func TestATrackThatCannotBeCarriedIsDroppedWhereThatIsWanted(t *testing.T) {
	t.Parallel()
	s := rtsptest.Server(t, tool.Options{})
	params, units := rtsptest.Film(t, "h264-opus")
	video := &format.H264{PayloadTyp: 96, SPS: params.SPS, PPS: params.PPS, PacketizationMode: 1}
	rtsptest.PublishFilm(t, s, "cam", video, &format.G711{PayloadTyp: 8, SampleRate: 8000, ChannelCount: 1}, units)
	cfg := ingest.Config{Source: "cam", Params: map[string]string{"api": s.APIURL()}}
	_, _, done := run(t, mediamtx.New, cfg, newRecorder())
	err := ended(t, done)
	if !errors.Is(err, ingest.ErrCodec) || !strings.Contains(err.Error(), "G711") || !strings.Contains(err.Error(), "track 2") ||
		!strings.Contains(err.Error(), "unsupportedTracks: drop") {
		t.Errorf("Run returned %v", err)
	}
	cfg.Params["unsupportedTracks"] = "drop"
	r := newRecorder()
	_, end, _ := run(t, mediamtx.New, cfg, r)
	r.wait(t, "a second of media", lasts(1, time.Second))
	if err := end(); err != nil {
		t.Error(err)
	}
	if k := r.epochs[0].media.Tracks; len(k) != 1 || k[0].Codec != "avc1.4d400d" && !strings.HasPrefix(k[0].Codec, "avc1.") {
		t.Errorf("tracks are %+v", k)
	}
}

func TestErrorsOfTheAPISayWhatToDo(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string) string {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body)) // the client may be gone
		}))
		t.Cleanup(s.Close)
		return s.URL
	}
	for name, c := range map[string]struct {
		api  string
		want error
		says string
	}{ // order-free: subtests do not touch one another
		"nobody listens":        {"http://127.0.0.1:1", ingest.ErrSource, "MediaMTX's control API does not answer at http://127.0.0.1:1: set `api: yes` in mediamtx.yml, or point mediamtx.api at it"},
		"it wants credentials":  {answer(401, `{"error":"authentication error"}`), ingest.ErrDenied, "give mediamtx.user and mediamtx.pass"},
		"it is a web server":    {answer(200, "<html>hello</html>"), ingest.ErrSource, "is not MediaMTX's control API"},
		"it is another program": {answer(404, "not found"), ingest.ErrSource, "no control API of MediaMTX"},
		"it is broken":          {answer(500, "{}"), ingest.ErrSource, "500"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := ingest.Config{Source: "cam", Params: map[string]string{"api": c.api, "user": "u", "pass": "hunter2"}}
			_, _, done := run(t, mediamtx.New, cfg, newRecorder())
			err := ended(t, done)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("Run returned %v", err)
			}
		})
	}
}

func TestCredentialsOpenAPathAndAreNeverShown(t *testing.T) {
	t.Parallel()
	s := rtsptest.Server(t, tool.Options{Auth: tool.ReadableOnly("nothing")})
	rtsptest.Publish(t, s, "cam", "h264-opus")
	var log bytes.Buffer
	for _, c := range []struct {
		pass string
		want error
	}{{"secret", nil}, {"hunter2", ingest.ErrDenied}} {
		cfg := ingest.Config{
			Source: "cam", Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
			Params: map[string]string{"api": s.APIURL(), "rtsp": strings.TrimSuffix(s.RTSPURL("x"), "/x"), "user": "reader", "pass": c.pass},
		}
		cfg.Source = s.RTSPURL("cam")
		r := newRecorder()
		_, end, done := run(t, mediamtx.New, cfg, r)
		if c.want == nil {
			r.wait(t, "a group", lasts(1, 0))
			if err := end(); err != nil {
				t.Error(err)
			}
			continue
		}
		if err := ended(t, done); !errors.Is(err, c.want) || strings.Contains(err.Error(), c.pass) {
			t.Errorf("Run returned %v", err)
		}
	}
	if s := log.String(); strings.Contains(s, "hunter2") || strings.Contains(s, "secret") {
		t.Errorf("a password is in the log:\n%s", s)
	}
}
