//go:build unix

package main_test

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/plugincheck"
)

// within runs shoal in a folder to its end, and answers what it printed.
func within(t *testing.T, dir string, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	const limit = 3 * time.Minute
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, shoal, args...)
	cmd.Dir = dir
	var o, e output
	cmd.Stdout, cmd.Stderr = &o, &e
	err = cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("shoal %s did not end within %v\n%s\n%s", strings.Join(args, " "), limit, o.String(), e.String())
	}
	return o.String(), e.String(), err
}

// checkout is the folder of Shoal's module.
func checkout(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// written makes a plugin with shoal plugin new, builds it, and answers its executable.
func written(t *testing.T, kind string) string {
	t.Helper()
	dir := t.TempDir()
	if stdout, stderr, err := within(t, dir, "plugin", "new", kind, "mine", "--module", checkout(t)); err != nil {
		t.Fatalf("%v\n%s\n%s", err, stdout, stderr)
	}
	for _, args := range [][]string{{"build"}, {"vet", "./..."}} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = filepath.Join(dir, "mine")
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	return filepath.Join(dir, "mine", "mine")
}

// keeps wants a plugin to pass the plugin test, with so many clauses that could not be shown at the most.
func keeps(t *testing.T, path string, unseen int, args ...string) {
	t.Helper()
	stdout, stderr, err := within(t, t.TempDir(), append([]string{"plugin", "test", path, "--json"}, args...)...)
	var r plugincheck.Result
	if e := json.Unmarshal([]byte(stdout), &r); err != nil || e != nil {
		if e != nil {
			t.Fatalf("%v, %v\n%s\n%s", err, e, stdout, stderr)
		}
		t.Errorf("%v\n%s", err, stderr)
	}
	for _, c := range r.Clauses {
		switch c.Verdict {
		case plugincheck.Fail:
			t.Errorf("%s: %s", c.Sentence, c.Reason)
		case plugincheck.Flaky:
			t.Logf("flaky: %s: %s", c.Sentence, c.Reason)
		case plugincheck.Pass, plugincheck.NotApplicable:
		}
	}
	if r.Failed != 0 || r.NotApplicable > unseen || r.Passed == 0 {
		t.Errorf("%d pass, %d fail, %d were not shown", r.Passed, r.Failed, r.NotApplicable)
	}
	if r.Timing == nil || r.Timing.Ready == nil || r.Timing.Call == nil || len(r.Timing.Problems) > 0 {
		t.Fatalf("timing %+v", r.Timing)
	}
	t.Logf("%s/%s: %d clauses in %.1f s, start to ready %v, small call %v", r.Kind, r.Name, len(r.Clauses), r.Seconds, r.Timing.Ready, r.Timing.Call)
}

// apart is elsewhere for tests that mostly wait: others run meanwhile.
func apart(t *testing.T) {
	t.Helper()
	elsewhere(t)
	t.Parallel()
}

func TestANewTransportBuildsAndKeepsItsContract(t *testing.T) {
	apart(t)
	keeps(t, written(t, "transport"), 0)
}

func TestANewPolicyBuildsAndKeepsItsContract(t *testing.T) {
	apart(t)
	keeps(t, written(t, "policy"), 0)
}

func TestANewIngestBuildsAndKeepsItsContract(t *testing.T) {
	apart(t)
	keeps(t, written(t, "ingest"), 5, "--case", "absent=/no/such/file")
}

func TestANewEgressBuildsAndKeepsItsContract(t *testing.T) {
	apart(t)
	keeps(t, written(t, "egress"), 0)
}

func TestPluginNewRefusesWithTheWayOutAndWritesNothing(t *testing.T) {
	elsewhere(t)
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "taken"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		says []string
	}{
		"an unknown kind":          {[]string{"codec", "mine", "--module", checkout(t)}, []string{`"codec"`, "transport, policy, ingest, egress"}},
		"a name with a capital":    {[]string{"policy", "Mine", "--module", checkout(t)}, []string{`"Mine"`, "lower-case", "my-policy"}},
		"a name that is a path":    {[]string{"policy", "../mine", "--module", checkout(t)}, []string{`"../mine"`, "lower-case"}},
		"a folder that exists":     {[]string{"policy", "taken", "--module", checkout(t)}, []string{"taken exists", "another name"}},
		"no checkout":              {[]string{"policy", "mine"}, []string{"no checkout", "--module DIR"}},
		"a module that is another": {[]string{"policy", "mine", "--module", dir}, []string{dir, "checkout of github.com/shoal-live/shoal"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, stderr, err := within(t, dir, append([]string{"plugin", "new"}, c.args...)...)
			if err == nil {
				t.Fatal("it went well")
			}
			for _, s := range c.says {
				if !strings.Contains(stderr, s) {
					t.Errorf("%q does not say %q", stderr, s)
				}
			}
		})
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%d entries are there, %v; want the one from before", len(entries), err)
	}
}

func TestPluginNewFindsTheCheckoutAboveIt(t *testing.T) {
	elsewhere(t)
	dir := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum"} {
		b, err := os.ReadFile(filepath.Join(checkout(t), name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	below := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	if stdout, stderr, err := within(t, below, "plugin", "new", "egress", "mine"); err != nil {
		t.Fatalf("%v\n%s\n%s", err, stdout, stderr)
	}
	b, err := os.ReadFile(filepath.Join(below, "mine", "go.mod"))
	if err != nil || !strings.Contains(string(b), "=> "+dir+"\n") {
		t.Errorf("go.mod does not replace by %s: %v\n%s", dir, err, b)
	}
}
