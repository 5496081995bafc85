package latest_test

import (
	"os"
	"testing"

	"github.com/shoal-live/shoal/core/scheduler/schedulertest"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/schedulers/latest"
	"github.com/shoal-live/shoal/plugins/sdk"
)

func plugin() sdk.Plugin { return sdk.Policy("latest", latest.New) }

func TestMain(m *testing.M) { plugintest.Main(m, os.Args, plugin()) }

func TestContract(t *testing.T) {
	plugintest.Every(t, plugin(), func(t *testing.T, r *plugintest.Rig) { schedulertest.Suite(t, r.Policy) })
}
