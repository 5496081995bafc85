package plugintest_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/cmd/shoal/clip"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/ingest/ingesttest"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

// TestFileKeepsTheIngestContractAsAProcess has cases of plugins/ingest/file, which runs them linked in.
func TestFileKeepsTheIngestContractAsAProcess(t *testing.T) {
	whole(t)
	b, err := clip.Bytes("h264-opus")
	if err != nil {
		t.Fatal(err)
	}
	film := func(t *testing.T) ingest.Config {
		path := filepath.Join(t.TempDir(), "clip.mp4")
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
		return ingest.Config{Source: path}
	}
	rig := plugintest.New(t, plugintest.Process, builtIn(t, bridge.KindIngest, "file"))
	ingesttest.Suite(t, ingesttest.Harness{
		New:    rig.Ingest,
		Live:   film,
		Absent: func(t *testing.T) ingest.Config { return ingest.Config{Source: filepath.Join(t.TempDir(), "none.mp4")} },
		Ending: func(t *testing.T) (ingest.Config, func()) {
			cfg := film(t)
			return cfg, func() {
				if err := os.Truncate(cfg.Source, 10_000); err != nil {
					t.Error(err)
				}
			}
		},
		Bad: map[string]ingest.Config{
			"relative path":     {Source: "clip.mp4"},
			"bad span":          {Source: "/clip.mp4", Span: time.Hour},
			"unknown parameter": {Source: "/clip.mp4", Params: map[string]string{"colour": "red"}},
		},
	})
}

// TestHLSKeepsTheIngestContractAsAProcess has cases of plugins/ingest/hls, which runs them linked in.
func TestHLSKeepsTheIngestContractAsAProcess(t *testing.T) {
	whole(t)
	s, err := tool.Start(t.Context(), tool.Options{Dir: t.TempDir(), Progress: os.Stderr, HLS: tool.On, Auth: tool.ReadableOnly("~^open")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	source := func(path string) ingest.Config { return ingest.Config{Source: s.HLSURL(path)} }
	publish(t, s, "open-live")
	publish(t, s, "closed")
	rig := plugintest.New(t, plugintest.Process, builtIn(t, bridge.KindIngest, "hls"))
	ingesttest.Suite(t, ingesttest.Harness{
		New:    rig.Ingest,
		Live:   func(*testing.T) ingest.Config { return source("open-live") },
		Absent: func(*testing.T) ingest.Config { return source("open-nobody") },
		Ending: func(t *testing.T) (ingest.Config, func()) {
			const path = "open-ending"
			return source(path), publish(t, s, path)
		},
		Denied:  func(*testing.T) ingest.Config { return source("closed") },
		Stamped: func(*testing.T) ingest.Config { return source("open-live") },
		Bad: map[string]ingest.Config{
			"not http":          {Source: "rtsp://h/p"},
			"bad span":          {Source: "http://h/index.m3u8", Span: time.Hour},
			"unknown parameter": {Source: "http://h/index.m3u8", Params: map[string]string{"colour": "red"}},
		},
	})
}
