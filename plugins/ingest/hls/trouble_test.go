package hls_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/core/ingest"
)

const head = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:0\n"

// answer is a server that says the same whatever it is asked, but for what stands in pages.
func answer(t *testing.T, status int, body string, pages map[string]string) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if page, ok := pages[r.URL.Path]; ok {
			_, _ = w.Write([]byte(page)) // the reader may be gone
			return
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	return s.URL + "/index.m3u8"
}

func TestABadStreamIsNamedWithItsCause(t *testing.T) {
	t.Parallel()
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(hanging.Close)
	silent := newFilm(t, "h264-opus", asFMP4)
	still := map[string]string{ // lists one segment, for ever
		"/index.m3u8": head + "#EXT-X-MAP:URI=\"init\"\n#EXTINF:1,\nseg\n", "/init": string(silent.init), "/seg": string(silent.segment(0)),
	}
	list := func(text string) map[string]string { return map[string]string{"/index.m3u8": text} }
	cases := []struct {
		name, url string
		want      error
		says      string
	}{
		{"nobody listens", "http://127.0.0.1:1/index.m3u8", ingest.ErrSource, "connection refused"},
		{"nobody answers", hanging.URL + "/index.m3u8", ingest.ErrSource, "has not answered in 1s"},
		{"it is not there", answer(t, 404, "", nil), ingest.ErrSource, "nobody publishes there"},
		{"it is broken", answer(t, 500, "", nil), ingest.ErrSource, "500"},
		{"it is forbidden", answer(t, 403, "", nil), ingest.ErrDenied, "set user and pass"},
		{"it is a page", answer(t, 200, "<html>hello</html>", nil), ingest.ErrSource, "source is the URL of an .m3u8"},
		{"it is endless", answer(t, 200, head+strings.Repeat("#", 2<<20), nil), ingest.ErrSource, "more than 1048576 bytes"},
		{"it lists nothing", answer(t, 200, head, nil), ingest.ErrSource, ""},
		{"its segments are gone", answer(t, 404, "", list(head+"#EXTINF:1,\nseg\n")), ingest.ErrSource, "/seg: nobody publishes there"},
		{"its segments are garbage", answer(t, 200, strings.Repeat("garbage", 1000), list(head+"#EXTINF:1,\nseg\n")), ingest.ErrSource, "no MPEG-TS"},
		{"its init segment is garbage", answer(t, 200, "garbage", list(head+"#EXT-X-MAP:URI=\"init\"\n#EXTINF:1,\nseg\n")), ingest.ErrSource, "init segment"},
		{"it is encrypted", answer(t, 200, "", list(head+"#EXT-X-KEY:METHOD=AES-128,URI=\"key\"\n#EXTINF:1,\nseg\n")), ingest.ErrCodec, "encrypted (AES-128)"},
		{"it stands still", answer(t, 404, "", still), ingest.ErrSource, "nothing new for 3s"},
		{"its variants list variants", answer(t, 200, "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1.42c01e\"\nindex.m3u8\n", nil), ingest.ErrSource, "list of variants within one"},
	}
	finish := make([]func(*testing.T), len(cases))
	for i, c := range cases { // all at once: some wait for seconds
		end := begin(t, ingest.Config{Source: c.url + "?jwt=hunter2", Params: map[string]string{"timeout": "1s"}}, newRecorder(t, time.Hour))
		finish[i] = func(t *testing.T) {
			_, err := end()
			host, _, _ := strings.Cut(c.url, "/index")
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), host) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("Run returned %v", err)
			}
			t.Log(err)
		}
	}
	for i, c := range cases {
		t.Run(c.name, finish[i])
	}
}

// finished is the playlist of a film of so many segments that has ended, and what it lists.
func finished(f *film, segments int) map[string]string {
	pages := map[string]string{"/init": string(f.init)}
	list := head
	if f.form == asFMP4 {
		list += "#EXT-X-MAP:URI=\"init\"\n"
	}
	for n := range segments {
		pages[fmt.Sprintf("/%d", n)] = string(f.segment(n))
		list += fmt.Sprintf("#EXTINF:%.5f,\n%d\n", f.length(n).Seconds(), n)
	}
	pages["/index.m3u8"] = list + "#EXT-X-ENDLIST\n"
	return pages
}

func TestCredentialsOpenAStreamAndAreNeverShown(t *testing.T) {
	t.Parallel()
	pages := finished(newFilm(t, "h264-opus", asFMP4), 1)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, _, ok := r.BasicAuth(); ok {
			t.Error("another host was sent the credentials")
		}
		_, _ = w.Write([]byte(pages[r.URL.Path])) // the reader may be gone
	}))
	t.Cleanup(elsewhere.Close)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, pass, _ := r.BasicAuth(); user != "reader" || pass != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte(strings.ReplaceAll(pages[r.URL.Path], "\n0\n", "\n"+elsewhere.URL+"/0\n")))
	}))
	t.Cleanup(s.Close)
	var log bytes.Buffer
	for _, c := range []struct {
		name, url string
		params    map[string]string
		want      error
	}{
		{"in the URL", strings.Replace(s.URL, "://", "://reader:secret@", 1), nil, ingest.ErrSource}, // it has ended
		{"as parameters", s.URL, map[string]string{"user": "reader", "pass": "secret"}, ingest.ErrSource},
		{"wrong ones", s.URL, map[string]string{"user": "reader", "pass": "hunter2"}, ingest.ErrDenied},
		{"none", s.URL, nil, ingest.ErrDenied},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := ingest.Config{Source: c.url + "/index.m3u8", Params: c.params, Log: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))}
			r := newRecorder(t, 100*time.Millisecond)
			_, err := play(t, cfg, r)
			if c.want == ingest.ErrDenied && !errors.Is(err, c.want) || c.want != ingest.ErrDenied && err != nil { //nolint:errorlint // of the table
				t.Errorf("Run returned %v", err)
			}
			if err != nil {
				log.WriteString(err.Error())
			}
		})
	}
	if s := log.String(); strings.Contains(s, "secret") || strings.Contains(s, "hunter2") {
		t.Errorf("a password is shown:\n%s", s)
	}
}

func TestACertificateIsAcceptedByItsFingerprint(t *testing.T) {
	t.Parallel()
	pages := finished(newFilm(t, "h264-opus", asFMP4), 1)
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(pages[r.URL.Path])) // the reader may be gone
	}))
	t.Cleanup(s.Close)
	sum := sha256.Sum256(s.Certificate().Raw)
	wrong := sha256.Sum256(sum[:])
	for name, c := range map[string]struct {
		fingerprint []byte
		says        string
	}{"the right one": {sum[:], ""}, "another": {wrong[:], "not the one of parameter fingerprint"}} { // order-free: subtests do not touch one another
		t.Run(name, func(t *testing.T) {
			cfg := ingest.Config{Source: s.URL + "/index.m3u8", Params: map[string]string{"fingerprint": hex.EncodeToString(c.fingerprint)}}
			_, err := play(t, cfg, newRecorder(t, 0))
			if c.says == "" && err != nil || c.says != "" && (!errors.Is(err, ingest.ErrSource) || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("Run returned %v", err)
			}
		})
	}
}

func TestATrackThatCannotBeCarriedIsDroppedWhereThatIsWanted(t *testing.T) {
	t.Parallel()
	f := newFilm(t, "h264-opus", asFMP4)
	pages := finished(f, 1)
	pages["/init"] = string(initOf(t, f.clip.Tracks[0].Codec, &codecs.AC3{SampleRate: 48000, ChannelCount: 2}))
	cfg := ingest.Config{Source: answer(t, 404, "", pages)}
	_, err := play(t, cfg, newRecorder(t, 0))
	if !errors.Is(err, ingest.ErrCodec) || !strings.Contains(err.Error(), "track 2: ") || !strings.Contains(err.Error(), "unsupportedTracks: drop") {
		t.Errorf("Run returned %v", err)
	}
	cfg.Params = map[string]string{"unsupportedTracks": "drop"}
	r := newRecorder(t, 500*time.Millisecond)
	if _, err := play(t, cfg, r); err != nil {
		t.Error(err)
	}
	video := clip.Clip{Name: f.clip.Name, Duration: f.clip.Duration, Tracks: f.clip.Tracks[:1]}
	if err := r.recording().CheckWhole(&video); err != nil {
		t.Error(err)
	}
}
