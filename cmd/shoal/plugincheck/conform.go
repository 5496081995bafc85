package plugincheck

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/shoal-live/shoal/core/egress/egresstest"
	"github.com/shoal-live/shoal/core/ingest/ingesttest"
	"github.com/shoal-live/shoal/core/scheduler/schedulertest"
	"github.com/shoal-live/shoal/core/transport/transporttest"
	"github.com/shoal-live/shoal/plugins/bridge"
)

// root is the test that the suite is in.
const root = "contract"

// Conform is the child: it reads a Job from in, runs the suite, writes go test's transcript to standard output, and ends the
// process, at the end of in too. It returns only when there is no job to be had.
func Conform(in io.Reader) error {
	var job Job
	if err := json.NewDecoder(in).Decode(&job); err != nil {
		return fmt.Errorf("plugin conform: no job: %w; run `shoal plugin test` instead", err)
	}
	go func() { // ends with the process, which it ends
		_, _ = io.Copy(io.Discard, in) // whatever ends it: nobody is there any more
		os.Exit(3)
	}()
	testing.Init()
	if err := flag.CommandLine.Parse(job.flags()); err != nil {
		return fmt.Errorf("plugin conform: %w", err)
	}
	testing.Main(func(pattern, name string) (bool, error) { return regexp.MatchString(pattern, name) },
		[]testing.InternalTest{{Name: root, F: job.suite}}, nil, nil)
	return nil
}

// flags are go test's for the job.
func (j *Job) flags() []string {
	run := "(" + j.Run + ")" // in brackets: go test splits at a bar and a slash outside them
	if len(j.Only) > 0 {
		run = oneOf(j.Only)
	}
	flags := []string{"-test.v=test2json", "-test.parallel=" + strconv.Itoa(max(1, j.Parallel)), "-test.run=^" + root + "$/" + run}
	if len(j.Skip) > 0 {
		flags = append(flags, "-test.skip=^"+root+"$/"+oneOf(j.Skip))
	}
	return flags
}

// oneOf is an expression for exactly these names.
func oneOf(names []string) string {
	var quoted []string
	for _, name := range names {
		quoted = append(quoted, regexp.QuoteMeta(name))
	}
	return "^(" + strings.Join(quoted, "|") + ")$"
}

// suite runs the suite of the kind.
func (j *Job) suite(t *testing.T) {
	switch j.Kind {
	case bridge.KindTransport:
		transporttest.Suite(t, j.endpoint)
	case bridge.KindPolicy:
		schedulertest.Suite(t, newPolicies(t, j).make)
	case bridge.KindIngest:
		ingesttest.Suite(t, j.sources(t))
	case bridge.KindEgress:
		egresstest.Suite(t, j.outputs(t))
	default:
		t.Fatalf("there is no suite for %v", j.Kind)
	}
}
