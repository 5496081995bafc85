package srt_test

import (
	"os"
	"strings"
	"testing"
	"time"

	tscodecs "github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/ingest/ingesttest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
	"github.com/shoal-live/shoal/plugins/ingest/srt"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
)

func plugin() sdk.Plugin { return sdk.Ingest("srt", srt.New) }

func TestMain(m *testing.M) { plugintest.Main(m, os.Args, plugin()) }

func TestContract(t *testing.T) {
	plugintest.Every(t, plugin(), func(t *testing.T, r *plugintest.Rig) { ingesttest.Suite(t, harness(t, r)) })
}

// harness has both modes among its sources.
func harness(t *testing.T, r *plugintest.Rig) ingesttest.Harness {
	server := serve(t, "", plays("h264-opus", &mpegtstest.Broadcast{}))
	return ingesttest.Harness{
		New:  r.Ingest,
		Live: func(*testing.T) ingest.Config { return ingest.Config{Source: "srt://" + server.at} },
		Absent: func(t *testing.T) ingest.Config {
			return ingest.Config{Source: "srt://" + mpegtstest.FreePort(t), Params: map[string]string{"timeout": "1s"}}
		},
		Ending: func(t *testing.T) (ingest.Config, func()) {
			at := mpegtstest.FreePort(t)
			return ingest.Config{Source: "srt://" + at + "?mode=listener"}, mpegtstest.PublishSRT(t, at, "h264-opus", &mpegtstest.Broadcast{})
		},
		Denied: func(t *testing.T) ingest.Config {
			closed := serve(t, "the right passphrase", plays("h264-opus", &mpegtstest.Broadcast{}))
			return ingest.Config{Source: "srt://" + closed.at + "?passphrase=another+passphrase"}
		},
		Unsupported: func(t *testing.T) (ingest.Config, string) {
			s := serve(t, "", plays("h264-opus", &mpegtstest.Broadcast{Silent: []mpegtstest.Track{{Codec: &tscodecs.MPEG1Audio{}}}}))
			return ingest.Config{Source: "srt://" + s.at}, "MPEG-1/2 audio"
		},
		Changing: func(t *testing.T) (ingest.Config, func()) {
			at := mpegtstest.FreePort(t)
			b := &mpegtstest.Broadcast{}
			mpegtstest.PublishSRT(t, at, "h264-opus", b)
			return ingest.Config{Source: "srt://" + at + "?mode=listener"}, func() { b.Change("h264-480x270-aac") }
		},
		Bad: map[string]ingest.Config{
			"unknown parameter":   {Source: "srt://h:1", Params: map[string]string{"colour": "red"}},
			"unknown key":         {Source: "srt://h:1?colour=red"},
			"bad span":            {Source: "srt://h:1", Span: time.Hour},
			"bad timeout":         {Source: "srt://h:1", Params: map[string]string{"timeout": "soon"}},
			"bad choice":          {Source: "srt://h:1", Params: map[string]string{"unsupportedTracks": "maybe"}},
			"another scheme":      {Source: "rtsp://h:1"},
			"no port":             {Source: "srt://h"},
			"credentials":         {Source: "srt://a:b@h:1"},
			"a streamid with #":   {Source: "srt://h:1?streamid=#!::r=cam"},
			"a long streamid":     {Source: "srt://h:1", Params: map[string]string{"streamid": strings.Repeat("x", 513)}},
			"a short passphrase":  {Source: "srt://h:1?passphrase=short"},
			"a key of 20 bytes":   {Source: "srt://h:1?pbkeylen=20"},
			"no latency":          {Source: "srt://h:1?latency=0"},
			"latency of a minute": {Source: "srt://h:1?latency=1m"},
			"another mode":        {Source: "srt://h:1?mode=rendezvous"},
		},
	}
}
