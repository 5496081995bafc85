//go:build linux

package main_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/report"
)

// tcpExample builds the transport of plugins/examples/tcp, as its README says.
func tcpExample(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tcp")
	out, err := exec.Command("go", "build", "-C", "../../plugins/examples/tcp", "-o", path, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return path
}

// processes counts those that run a file.
func processes(t *testing.T, path string) int {
	t.Helper()
	links, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, l := range links {
		if to, err := os.Readlink(l); err == nil && to == path {
			n++
		}
	}
	return n
}

func TestDemoPlaysOverATransportThatAThirdPartyBuilt(t *testing.T) {
	elsewhere(t)
	const viewers = 4
	tcp, file := tcpExample(t), filepath.Join(t.TempDir(), "demo.json")
	cmd := exec.CommandContext(t.Context(), shoal, "demo", "--headless", "--viewers", "4", "--for", "8s", "--transport", tcp, "--report", file)
	cmd.Dir = t.TempDir()
	var said output
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	eventually(t, 20*time.Second, "every node has a transport process", func() bool { return processes(t, tcp) == viewers+1 })
	select {
	case err := <-ended:
		if err != nil {
			t.Fatalf("%v\n%s", err, said.String())
		}
	case <-time.After(40 * time.Second):
		t.Fatal("the demo did not end within 40 s")
	}
	if n := processes(t, tcp); n > 0 {
		t.Errorf("%d transport processes are left", n)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r report.Report
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	t.Logf("delay p50 %.1f p99 %.1f ms, startup p95 %.0f ms, continuity %.5f, egress %.2f, offload %.2f",
		r.DelayMS.P50, r.DelayMS.P99, r.StartupMS.P95, r.Continuity.Mean, r.SourceEgressRatio, r.Offload)
	switch {
	case r.Viewers != viewers || r.NeverPlayed != 0:
		t.Errorf("%d viewers, %d never played", r.Viewers, r.NeverPlayed)
	case r.Continuity.Mean < 0.95:
		t.Errorf("continuity is %f", r.Continuity.Mean)
	case r.Offload <= 0:
		t.Errorf("viewers fed each other nothing: offload %f", r.Offload)
	case r.Max1sEgressBps > r.SourceCapBps:
		t.Errorf("%.0f b/s left the source, its cap is %.0f", r.Max1sEgressBps, r.SourceCapBps)
	}
}

func TestDemoSaysWhatIsWrongWithAPluginBeforeItBegins(t *testing.T) {
	elsewhere(t)
	tcp := tcpExample(t)
	text := filepath.Join(t.TempDir(), "tcp")
	if err := os.WriteFile(text, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ flag, value, want string }{ // order-free: each stands alone
		"no built-in":       {"--transport", "tpc", "an executable needs a slash: ./tpc"},
		"no file":           {"--transport", "./nowhere", "nowhere"},
		"no executable":     {"--transport", text, text},
		"of another kind":   {"--policy", tcp, "transport/tcp"},
		"no program at all": {"--policy", "/dev/null", "/dev/null"},
	} {
		t.Run(name, func(t *testing.T) {
			_, stderr, err := run(t, 20*time.Second, "demo", "--headless", c.flag, c.value)
			var exit *exec.ExitError
			if !errors.As(err, &exit) || !strings.Contains(stderr, c.flag) || !strings.Contains(stderr, c.want) {
				t.Errorf("it ended with %v; want %s and %q:\n%s", err, c.flag, c.want, stderr)
			}
			if strings.Contains(stderr, "MediaMTX") || strings.Count(stderr, "\n") != 1 {
				t.Errorf("want one line alone:\n%s", stderr)
			}
		})
	}
}
