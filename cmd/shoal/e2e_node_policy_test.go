//go:build unix

package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/report"
)

// nodePolicy is the example of a policy in JavaScript.
func nodePolicy(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("SKIPPED: there is no node, so the policy in JavaScript is not proved; Debian has it as nodejs, version 18 or later will do")
	}
	path, err := filepath.Abs("../../plugins/examples/node-policy/policy.mjs")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPluginTestJudgesAPolicyInAnotherLanguage leaves out most clauses, which plugins/plugintest tries.
func TestPluginTestJudgesAPolicyInAnotherLanguage(t *testing.T) {
	apart(t)
	stdout, stderr, err := run(t, 30*time.Second, "plugin", "test", "--run", "(revision|taken over|parameter)", nodePolicy(t))
	if err != nil || !strings.Contains(stdout, "policy/nearest") || !strings.Contains(stdout, "4 pass, 0 fail") {
		t.Errorf("%v\n%s\n%s", err, stdout, stderr)
	}
}

// TestDemoPlaysByAPolicyInAnotherLanguage has the source and five viewers ask a program in JavaScript, a process each.
func TestDemoPlaysByAPolicyInAnotherLanguage(t *testing.T) {
	elsewhere(t)
	policy := nodePolicy(t)
	file, data := filepath.Join(t.TempDir(), "demo.json"), t.TempDir()
	stdout, stderr, err := run(t, 60*time.Second, "demo", "--headless", "--viewers", "5", "--for", "12s", "--policy", policy,
		"--report", file, "--data", data, "--log-level", "warn")
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, stdout, stderr)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r report.Report
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(data, "shoal.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("delay p50 %.1f p99 %.1f ms, startup p95 %.0f ms, continuity %.5f, worst %.5f, egress %.2f, offload %.2f, replaced by the fallback %d times",
		r.DelayMS.P50, r.DelayMS.P99, r.StartupMS.P95, r.Continuity.Mean, r.Continuity.Worst1Pct, r.SourceEgressRatio, r.Offload,
		strings.Count(string(log), "policy replaced"))
	switch {
	case r.Policy != "nearest":
		t.Errorf("the policy was %q", r.Policy)
	case r.Viewers != 5 || r.NeverPlayed != 0:
		t.Errorf("%d viewers, %d never played", r.Viewers, r.NeverPlayed)
	case r.Continuity.Worst1Pct < 0.98: // 1 on a machine with time to spare
		t.Errorf("a viewer's continuity is %f", r.Continuity.Worst1Pct)
	case r.Offload <= 0.2:
		t.Errorf("viewers fed each other next to nothing: offload %f", r.Offload)
	case strings.Contains(string(log), "plugin died"), strings.Contains(string(log), "a call failed"):
		t.Errorf("the program failed:\n%s", log)
	}
}
