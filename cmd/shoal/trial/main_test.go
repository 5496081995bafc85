package trial

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"testing"

	"github.com/shoal-live/shoal/plugins/builtin"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

// beWorker is what the test binary is run with to be one of the crew.
const beWorker = "be-a-worker"

func TestMain(m *testing.M) {
	if len(os.Args) < 2 || os.Args[1] != beWorker {
		plugintest.Main(m, os.Args, builtin.Plugins()...) // source and viewers start this program as their plugins
		return
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func work() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return Work(context.Background(), pipes{os.Stdin, os.Stdout}, []string{self, "serve-plugin"}, log)
}

// worker is the command that starts the test binary as one of the crew.
func worker(t *testing.T) []string {
	t.Helper()
	return []string{plugintest.Self(t)[0], beWorker}
}

// silent is a log that keeps nothing.
func silent() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }
