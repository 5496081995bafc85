package hls_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/ingest/ingesttest"
	"github.com/shoal-live/shoal/plugins/ingest/hls"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp/rtsptest"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
)

func plugin() sdk.Plugin { return sdk.Ingest("hls", hls.New) }

func TestMain(m *testing.M) { plugintest.Main(m, os.Args, plugin()) }

func TestContract(t *testing.T) {
	s := server(t, tool.Options{Auth: tool.ReadableOnly("~^open")})
	rtsptest.Publish(t, s, "open-live", "h264-opus")
	plugintest.Every(t, plugin(), func(t *testing.T, r *plugintest.Rig) { ingesttest.Suite(t, harness(s, r)) })
}

func harness(s *tool.Server, r *plugintest.Rig) ingesttest.Harness {
	way := fmt.Sprint(int(r.Way())) // its paths are no other's
	source := func(path string) ingest.Config { return ingest.Config{Source: s.HLSURL(path)} }
	with := func(key, value string) ingest.Config {
		return ingest.Config{Source: "http://h/index.m3u8", Params: map[string]string{key: value}}
	}
	return ingesttest.Harness{
		New:    r.Ingest,
		Live:   func(*testing.T) ingest.Config { return source("open-live") },
		Absent: func(*testing.T) ingest.Config { return source("open-nobody") },
		Ending: func(t *testing.T) (ingest.Config, func()) {
			return source("open-ending" + way), rtsptest.Publish(t, s, "open-ending"+way, "h264-opus")
		},
		Denied: func(t *testing.T) ingest.Config {
			rtsptest.Publish(t, s, "closed"+way, "h264-opus")
			return source("closed" + way)
		},
		Unsupported: func(t *testing.T) (ingest.Config, string) {
			o := newOrigin(t, newFilm(t, "h264-opus", asFMP4))
			o.films[0].init = initOf(t, &codecs.AC3{SampleRate: 48000, ChannelCount: 2})
			return ingest.Config{Source: o.url()}, "AC-3"
		},
		Changing: func(t *testing.T) (ingest.Config, func()) {
			o, second := newOrigin(t, newFilm(t, "h264-opus", asFMP4).silent()), newFilm(t, "h264-480x270-aac", asFMP4).silent()
			return ingest.Config{Source: o.url()}, func() { o.change(second) }
		},
		Stamped: func(*testing.T) ingest.Config { return source("open-live") },
		Bad: map[string]ingest.Config{
			"no source":         {},
			"not http":          {Source: "rtsp://h/p"},
			"bad span":          {Source: "http://h/index.m3u8", Span: time.Hour},
			"unknown parameter": with("colour", "red"),
			"bad timeout":       with("timeout", "soon"),
			"bad choice":        with("unsupportedTracks", "maybe"),
			"bad variant":       with("variant", "best"),
			"bad fingerprint":   with("fingerprint", "12"),
			"pass without user": with("pass", "secret"),
		},
	}
}
