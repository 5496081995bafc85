package quic

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/shoal-live/shoal/plugins/plugintest"
)

// TestMain lets more tests run at once than there are cores: most of them wait for a timeout.
func TestMain(m *testing.M) {
	if !plugintest.Serves(os.Args) {
		flag.Parse()
		if err := flag.Set("test.parallel", "8"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	plugintest.Main(m, os.Args, plugin(func(*Transport) {}))
}
