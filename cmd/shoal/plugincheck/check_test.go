//go:build unix

package plugincheck

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/bridge/liar"
	"github.com/shoal-live/shoal/plugins/sdk"
)

// What the test binary is when it is run with these words.
const (
	beChild  = "be-the-child"
	beScript = "be-a-child-that" // writes a transcript and crashes
	beBroken = "be-a-plugin-that"
	beLiar   = "be-a-liar"
)

func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		os.Exit(m.Run())
	}
	var err error
	switch os.Args[1] {
	case beChild:
		err = Conform(os.Stdin)
	case beScript:
		err = script(os.Args[2])
	case beBroken:
		err = sdk.Serve(sdk.Policy("broken", func(map[string]string) (scheduler.Policy, error) { return broken(os.Args[2]), nil }))
	case beLiar:
		liar.Serve(os.Args[2], os.Exit)
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// broken is a policy that does what its name says.
type broken string

func (b broken) Step(batch *scheduler.Batch) scheduler.Answer {
	switch b {
	case "hangs":
		select {}
	case "panics":
		panic("boom")
	}
	return scheduler.Answer{Revision: batch.Revision}
}

// script is a child whose suite has three clauses, the second of which ends it in some way. It leaves out what it is told to.
// One that "is flaky" fails the second beside others only.
func script(how string) error {
	var job Job
	if err := json.NewDecoder(os.Stdin).Decode(&job); err != nil {
		return err
	}
	say := func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
	for _, clause := range []string{"one", "two", "three"} {
		if slices.Contains(job.Skip, clause) || len(job.Only) > 0 && !slices.Contains(job.Only, clause) {
			continue
		}
		say("%s=== RUN   contract/%s", mark, clause)
		if clause == "two" {
			switch how {
			case "panics":
				panic("boom")
			case "exits":
				os.Exit(7)
			case "hangs":
				select {}
			case "is flaky":
				if job.Parallel > 1 {
					say("    two.go:1: too late")
					say("%s--- FAIL: contract/two (0.00s)", mark)
					continue
				}
			}
		}
		say("%s--- PASS: contract/%s (0.00s)", mark, clause)
	}
	return nil
}

// executable writes a shell script, and answers its path.
func executable(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plugin")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+strings.Join(lines, "\n")+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// itself is an executable that runs the test binary as something.
func itself(t *testing.T, what, how string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return executable(t, fmt.Sprintf("exec '%s' '%s' '%s'", self, what, how))
}

// checked judges a plugin with the real child.
func checked(t *testing.T, o Options) *Result {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if o.Child == nil {
		o.Child = []string{self, beChild}
	}
	r, err := Check(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// find is the clause with a sentence.
func find(t *testing.T, r *Result, sentence string) Clause {
	t.Helper()
	for _, c := range r.Clauses {
		if c.Sentence == sentence {
			return c
		}
	}
	t.Fatalf("no clause %q among %+v", sentence, r.Clauses)
	return Clause{}
}

func TestAChildThatEndsCostsOneClause(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	good := itself(t, beBroken, "")
	for how, says := range map[string]string{"panics": "panic: boom", "exits": "exit status 7"} {
		t.Run("one that "+how, func(t *testing.T) {
			r := checked(t, Options{Job: Job{Path: good}, Child: []string{self, beScript, how}})
			if r.Failed != 1 || r.Passed != 3 { // the first is that it starts
				t.Errorf("%d fail and %d pass of %+v", r.Failed, r.Passed, r.Clauses)
			}
			if c := find(t, r, "two"); c.Verdict != Fail || !strings.Contains(c.Reason, says) {
				t.Errorf("the clause in which it ended: %+v", c)
			}
		})
	}
}

func TestAClauseThatFailsBesideOthersOnlyIsFlaky(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	r := checked(t, Options{Job: Job{Path: itself(t, beBroken, "")}, Child: []string{self, beScript, "is flaky"}})
	if r.Failed != 0 || r.Flaky != 1 || r.Passed != 3 {
		t.Errorf("%d fail, %d are flaky and %d pass of %+v", r.Failed, r.Flaky, r.Passed, r.Clauses)
	}
	if c := find(t, r, "two"); c.Verdict != Flaky || !strings.Contains(c.Reason, "too late") {
		t.Errorf("the clause that failed once: %+v", c)
	}
}

func TestTheTimeForEverythingEndsAChildThatHangs(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	r := checked(t, Options{Job: Job{Path: itself(t, beBroken, "")}, Child: []string{self, beScript, "hangs"}, Timeout: 3 * time.Second})
	if c := find(t, r, "two"); c.Verdict != Fail || !strings.Contains(c.Reason, "--timeout") {
		t.Errorf("the clause that hung: %+v", c)
	}
	if c := find(t, r, "one"); c.Verdict != Pass {
		t.Errorf("the clause before it: %+v", c)
	}
	if d := time.Since(began); d > 10*time.Second {
		t.Errorf("it took %v", d)
	}
}

func TestWhatIsNoPluginFailsTheFirstClauseWithTheReason(t *testing.T) {
	plain := executable(t, "true")
	if err := os.Chmod(plain, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ path, says string }{
		"not executable":                  {plain, "not executable"},
		"not there":                       {filepath.Join(t.TempDir(), "absent"), "check the path"},
		"ends at once":                    {executable(t, "echo sorry >&2", "exit 3"), "sorry"},
		"says rubbish":                    {executable(t, "echo hello", "cat"), `"hello"`},
		"speaks another protocol":         {executable(t, "echo '1|7|unix|/tmp/none|grpc|'", "cat"), "version 7"},
		"offers nothing":                  {itself(t, beLiar, "nothing"), "offers nothing"},
		"exits when asked what it offers": {itself(t, beLiar, "exit"), "no licence"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := checked(t, Options{Job: Job{Path: c.path}})
			first := find(t, r, starts)
			if r.Failed != 1 || first.Verdict != Fail || !strings.Contains(first.Reason, c.says) {
				t.Errorf("%+v; want a reason that says %q", r.Clauses, c.says)
			}
		})
	}
}

func TestAPolicyThatIsBrokenFailsItsClauses(t *testing.T) {
	const clause = "an answer names the revision that it saw"
	for name, c := range map[string]struct {
		path, says string
	}{
		"another revision": {itself(t, beLiar, "another revision"), "99"},
		"rubbish":          {itself(t, beLiar, "garbage"), "died"},
		"panics":           {itself(t, beBroken, "panics"), "boom"},
		"hangs":            {itself(t, beBroken, "hangs"), "not answered"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := checked(t, Options{Job: Job{Path: c.path, Kind: bridge.KindPolicy, Run: "^" + clause + "$"}, Timeout: 60 * time.Second})
			if v := find(t, r, clause); v.Verdict != Fail || !strings.Contains(v.Reason, c.says) {
				t.Errorf("%+v; want a reason that says %q", v, c.says)
			}
		})
	}
}

func TestATransportThatFloodsFailsAtOnce(t *testing.T) {
	const clause = "Listening comes once, with dialable addresses"
	r := checked(t, Options{Job: Job{Path: itself(t, beLiar, "flood"), Kind: bridge.KindTransport, Run: "^" + clause + "$"}, Timeout: 60 * time.Second})
	if v := find(t, r, clause); v.Verdict != Fail || !strings.Contains(v.Reason, "Run ended before Listening came") {
		t.Errorf("%+v", v)
	}
	if r.Seconds > 30 {
		t.Errorf("it took %.0f s", r.Seconds)
	}
}

func TestALazyPolicyKeepsSomeClausesAndBreaksOthers(t *testing.T) {
	r := checked(t, Options{Job: Job{Path: itself(t, beBroken, ""), Run: "revision that it saw|is answered in the end"}})
	if c := find(t, r, "an answer names the revision that it saw"); c.Verdict != Pass {
		t.Errorf("%+v", c)
	}
	if c := find(t, r, "every subscription is answered in the end"); c.Verdict != Fail || !strings.Contains(c.Reason, "neither granted nor refused") {
		t.Errorf("%+v", c)
	}
	if r.Timing == nil || r.Timing.Ready == nil || r.Timing.Ready.Count != startCount || r.Timing.Policy == nil || len(r.Timing.Problems) > 0 {
		t.Errorf("timing %+v", r.Timing)
	}
}

func TestAnExpressionThatIsWrongOrMatchesNothingIsAnError(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, expression := range []string{"nonsense", "("} {
		_, err := Check(t.Context(), Options{Job: Job{Path: itself(t, beBroken, ""), Run: expression}, Child: []string{self, beChild}})
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("--run %q", expression)) {
			t.Errorf("%s: error %v", expression, err)
		}
	}
}

func TestAnInterruptIsNoVerdict(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	_, err = Check(ctx, Options{
		Job: Job{Path: itself(t, beBroken, "")}, Child: []string{self, beScript, "hangs"},
		OnClause: func(c Clause) {
			if c.Sentence == "one" {
				stop()
			}
		},
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func TestConformWithoutAJobSaysWhatToRun(t *testing.T) {
	if err := Conform(io.LimitReader(strings.NewReader(""), 0)); err == nil || !strings.Contains(err.Error(), "shoal plugin test") {
		t.Errorf("error %v", err)
	}
}
