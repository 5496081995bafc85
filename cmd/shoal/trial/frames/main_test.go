package frames_test

import (
	"os"
	"testing"

	"github.com/shoal-live/shoal/plugins/builtin"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

func TestMain(m *testing.M) { plugintest.Main(m, os.Args, builtin.Plugins()...) }
