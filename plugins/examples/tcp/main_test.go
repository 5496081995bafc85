package main

import (
	"os"
	"testing"

	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
)

// TestMain serves the plugin where the host runs this binary as one.
func TestMain(m *testing.M) { plugintest.Main(m, os.Args, sdk.Transport(scheme, New)) }
