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

// Main is what a TestMain calls, with os.Args, so that the test binary can be run as a plugin process: it serves that
// plugin then, and runs the tests otherwise.
func Main(m *testing.M, args []string, plugins ...bridge.Plugin) {
	if !Serves(args) {
		m.Run() // its code is that of the process, once TestMain returns
		return
	}
	err := fmt.Errorf("TestMain serves no plugin %s", args[2])
	for _, p := range plugins {
		if p.Kind.String()+"/"+p.Name == args[2] {
			err = sdk.Serve(p)
		}
	}
	if err != nil {
		panic(err) // a test that is wrong: the host logs it, and the test that asked for the plugin fails
	}
}

// Serves reports whether a test binary with these arguments is a plugin, for a TestMain with more to do than Main.
func Serves(args []string) bool { return len(args) > 2 && args[1] == serveArgument }

// Self is the command with which a host runs the test binary as a plugin.
func Self(t testing.TB) []string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return []string{path, serveArgument}
}
