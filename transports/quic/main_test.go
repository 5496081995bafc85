package quic

import (
	"os"
	"testing"

	"github.com/shoal-live/shoal/plugins/plugintest"
)

func TestMain(m *testing.M) { plugintest.Main(m, os.Args, plugin(func(*Transport) {})) }
