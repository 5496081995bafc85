package mpegts_test

import (
	"os"
	"testing"
	"time"

	tscodecs "github.com/bluenviron/mediacommon/v2/pkg/formats/mpegts/codecs"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/ingest/ingesttest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts/mpegtstest"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
)

func plugin() sdk.Plugin { return sdk.Ingest("mpegts", mpegts.New) }

func TestMain(m *testing.M) { plugintest.Main(m, os.Args, plugin()) }

// impatient are parameters of a test that waits for a source to be given up.
var impatient = map[string]string{"timeout": "1s"}

func TestContract(t *testing.T) {
	plugintest.Every(t, plugin(), func(t *testing.T, r *plugintest.Rig) { ingesttest.Suite(t, harness(r)) })
}

func harness(r *plugintest.Rig) ingesttest.Harness {
	return ingesttest.Harness{
		New: r.Ingest,
		Live: func(t *testing.T) ingest.Config {
			at := socket(t)
			mpegtstest.Connect(t, at, "h264-opus", &mpegtstest.Broadcast{})
			return ingest.Config{Source: "unix://" + at}
		},
		Absent: func(t *testing.T) ingest.Config {
			return ingest.Config{Source: "udp://" + mpegtstest.FreePort(t), Params: impatient}
		},
		Ending: func(t *testing.T) (ingest.Config, func()) {
			at := socket(t)
			return ingest.Config{Source: "unix://" + at}, mpegtstest.Connect(t, at, "h264-opus", &mpegtstest.Broadcast{})
		},
		Unsupported: func(t *testing.T) (ingest.Config, string) {
			at := mpegtstest.FreePort(t)
			mpegtstest.SendUDP(t, at, "h264-opus", &mpegtstest.Broadcast{Silent: []mpegtstest.Track{{Codec: &tscodecs.MPEG1Audio{}}}})
			return ingest.Config{Source: "udp://" + at}, "MPEG-1/2 audio"
		},
		Changing: func(t *testing.T) (ingest.Config, func()) {
			at := mpegtstest.FreePort(t)
			b := &mpegtstest.Broadcast{}
			mpegtstest.SendUDP(t, at, "h264-opus", b)
			return ingest.Config{Source: "udp://" + at}, func() { b.Change("h264-480x270-aac") }
		},
		Bad: map[string]ingest.Config{
			"unknown parameter":       {Source: "udp://:5000", Params: map[string]string{"colour": "red"}},
			"bad span":                {Source: "udp://:5000", Span: time.Hour},
			"bad timeout":             {Source: "udp://:5000", Params: map[string]string{"timeout": "soon"}},
			"bad choice":              {Source: "udp://:5000", Params: map[string]string{"unsupportedTracks": "maybe"}},
			"nothing":                 {},
			"another scheme":          {Source: "rtsp://h/p"},
			"no port":                 {Source: "udp://127.0.0.1"},
			"interface of one host":   {Source: "udp://127.0.0.1:5000?interface=lo"},
			"source is no address":    {Source: "udp://127.0.0.1:5000?source=camera"},
			"unknown key of the URL":  {Source: "udp://127.0.0.1:5000?pkt_size=1316"},
			"a socket without a path": {Source: "unix://feed.sock"},
			"a pipe without a path":   {Source: "pipe://feed.pipe"},
		},
	}
}
