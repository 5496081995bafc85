package substream_test

import (
	"os"
	"testing"

	"github.com/shoal-live/shoal/core/scheduler/schedulertest"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/schedulers/substream"
	"github.com/shoal-live/shoal/plugins/sdk"
)

func plugin() sdk.Plugin { return sdk.Policy("substream", substream.New) }

func TestMain(m *testing.M) { plugintest.Main(m, os.Args, plugin()) }

func TestContract(t *testing.T) {
	plugintest.Every(t, plugin(), func(t *testing.T, r *plugintest.Rig) { schedulertest.Suite(t, r.Policy) })
}
