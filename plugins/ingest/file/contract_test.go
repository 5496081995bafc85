package file

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/formats/mp4/codecs"
	"github.com/bluenviron/mediacommon/v2/pkg/formats/pmp4"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/ingest/ingesttest"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
)

func plugin() sdk.Plugin { return sdk.Ingest("file", New) }

func TestMain(m *testing.M) { plugintest.Main(m, os.Args, plugin()) }

func TestContract(t *testing.T) {
	plugintest.Every(t, plugin(), func(t *testing.T, r *plugintest.Rig) { ingesttest.Suite(t, harness(t, r)) })
}

func harness(t *testing.T, r *plugintest.Rig) ingesttest.Harness {
	live := ingest.Config{Source: bundled(t, "h264-opus")}
	with := func(key, value string) ingest.Config {
		return ingest.Config{Source: "/clip.mp4", Params: map[string]string{key: value}}
	}
	h := ingesttest.Harness{
		New:    r.Ingest,
		Live:   func(*testing.T) ingest.Config { return live },
		Absent: func(t *testing.T) ingest.Config { return ingest.Config{Source: filepath.Join(t.TempDir(), "clip.mp4")} },
		Ending: func(t *testing.T) (ingest.Config, func()) { // the disk fails, as it were
			path := bundled(t, "h264-opus")
			return ingest.Config{Source: path}, func() {
				if err := os.Truncate(path, 10_000); err != nil {
					t.Error(err)
				}
			}
		},
		Unsupported: func(t *testing.T) (ingest.Config, string) {
			codec := &codecs.MPEG1Audio{SampleRate: 48000, ChannelCount: 2}
			return ingest.Config{Source: film(t, codec, 100, pmp4.Sample{})}, "MPEG-1 audio"
		},
		Bad: map[string]ingest.Config{
			"no path":           {},
			"relative path":     {Source: "clip.mp4"},
			"bad span":          {Source: "/clip.mp4", Span: time.Hour},
			"unknown parameter": with("colour", "red"),
			"bad loop":          with("loop", "maybe"),
			"bad choice":        with("unsupportedTracks", "maybe"),
		},
	}
	if os.Geteuid() != 0 { // nothing is closed to the superuser
		h.Denied = func(t *testing.T) ingest.Config {
			path := bundled(t, "h264-opus")
			if err := os.Chmod(path, 0); err != nil {
				t.Fatal(err)
			}
			return ingest.Config{Source: path}
		}
	}
	return h
}
