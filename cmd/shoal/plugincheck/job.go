package plugincheck

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/builtin"
	"github.com/shoal-live/shoal/plugins/host"
)

// Job is what a child is to do: one suite, against one plugin. It is handed over as JSON.
type Job struct {
	Path     string            // of the executable; "" for a built-in
	Kind     bridge.Kind       // of the offer that is judged
	Name     string            // of it
	Self     []string          // the command that serves built-ins
	Params   map[string]string // for every instance
	Source   string            // of an ingest: one that plays for ever; "" asks the plugin for one
	Cases    map[string]string // of an ingest: further sources, see caseHelp
	Listen   string            // of a transport or egress; see anyPort and anyPlace
	Discover bool              // the ingest can list sources
	Run      string            // only clauses that match this expression; "" for all
	Only     []string          // no clauses but these, as go test writes them; none for all
	Skip     []string          // clauses that were judged already
	Parallel int               // clauses at once
}

// spec is how the host names the plugin.
func (j *Job) spec() host.Spec {
	return host.Spec{Kind: j.Kind, Name: j.Name, Path: j.Path}
}

// newHost is a host that may run this plugin. What plugins log from warnings on goes to log.
func newHost(self []string, log io.Writer) (*host.Host, error) {
	return host.New(host.Config{
		Self: self, Builtin: builtin.Plugins(), Version: "test",
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: timeless})),
	})
}

// timeless takes the time off a record, which a verdict has no use for.
func timeless(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// hosting runs h until the function that it returns is called, which waits.
func hosting(h *host.Host) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	group.Go(func() { _ = h.Run(ctx) }) // its only error is nil
	return func() {
		cancel()
		group.Wait()
	}
}

// merged is params over the job's own.
func (j *Job) merged(params map[string]string) map[string]string {
	all := make(map[string]string, len(j.Params)+len(params))
	for k, v := range j.Params { // order-free: it fills a map
		all[k] = v
	}
	for k, v := range params { // order-free: it fills a map
		all[k] = v
	}
	return all
}

// checkCases looks at NAME=URL pairs of the command line. Errors: names the pair and the choices.
func checkCases(cases map[string]string) error {
	for name := range cases { // order-free: any wrong one is told
		if _, ok := caseHelp(name); !ok {
			return fmt.Errorf("--case %s: no such case (have: absent, denied, ending, changing, stamped, unsupported-CODEC)", name)
		}
	}
	return nil
}
