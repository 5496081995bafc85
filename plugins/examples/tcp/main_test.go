package main

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
)

// TestMain serves the plugin where the real host runs this binary as one. Else it lets more tests run at once than there are
// cores: most of them wait for a timeout.
func TestMain(m *testing.M) {
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	plugintest.Main(m, os.Args, sdk.Transport(scheme, New))
}
