package plugintest

import (
	"fmt"
	"os"
	"testing"

	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/sdk"
)

// serveArgument is what a test binary is run with to be a plugin.
const serveArgument = "serve-plugin"

// Main is what a TestMain calls so that the test binary can be run as a plugin process: it serves plugins then, and
// runs the tests otherwise. It does not return.
func Main(m *testing.M, plugins ...bridge.Plugin) {
	if len(os.Args) < 3 || os.Args[1] != serveArgument {
		os.Exit(m.Run())
	}
	for _, p := range plugins {
		if p.Kind.String()+"/"+p.Name == os.Args[2] {
			if err := sdk.Serve(p); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	fmt.Fprintf(os.Stderr, "TestMain serves no plugin %s\n", os.Args[2])
	os.Exit(2)
}

// Self is the command with which a host runs the test binary as a plugin.
func Self(t testing.TB) []string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{path, serveArgument}
}
