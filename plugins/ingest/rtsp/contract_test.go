package rtsp_test

import (
	"os"
	"testing"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/ingest/ingesttest"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp/rtsptest"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
)

func plugin() sdk.Plugin { return sdk.Ingest("rtsp", rtsp.New) }

func TestMain(m *testing.M) { plugintest.Main(m, os.Args, plugin()) }

func TestContract(t *testing.T) {
	stage := rtsptest.NewStage(t)
	plugintest.Every(t, plugin(), func(t *testing.T, r *plugintest.Rig) {
		ingesttest.Suite(t, stage.Harness(r, func(s *tool.Server, path string) ingest.Config {
			return ingest.Config{Source: s.RTSPURL(path)}
		}))
	})
}
