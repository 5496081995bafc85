package plugintest_test

import (
	"bufio"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/scheduler/schedulertest"
	"github.com/shoal-live/shoal/core/sim"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/host"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

// nodePolicy is the example that a third party could have written: in JavaScript, from the protobuf alone.
const nodePolicy = "../examples/node-policy/policy.mjs"

// needNode skips a test where there is nothing to run the example with.
func needNode(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("SKIPPED: there is no node, so the policy in JavaScript is not proved; Debian has it as nodejs, version 20 or later will do")
	}
}

// inNode makes instances of the example, all in one process that the real host starts.
func inNode(t *testing.T) scheduler.Factory {
	t.Helper()
	needNode(t)
	h, err := host.New(host.Config{Dir: plugintest.Folder(t), Version: "test", Log: slog.New(slog.NewTextHandler(inTest{t}, nil))})
	if err != nil {
		t.Fatal(err)
	}
	plugintest.Run(t, h)
	return func(params map[string]string) (scheduler.Policy, error) {
		p, err := h.Policy(t.Context(), host.Spec{Kind: bridge.KindPolicy, Name: "node", Path: nodePolicy}, params)
		if err != nil {
			return nil, err
		}
		t.Cleanup(p.Close)
		return p, nil
	}
}

// inTest writes a log into the test's.
type inTest struct{ t *testing.T }

// Write logs one record.
func (w inTest) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

func TestAPolicyInAnotherLanguageKeepsTheContract(t *testing.T) {
	schedulertest.Suite(t, inNode(t))
}

func TestAPolicyInAnotherLanguageTakesItsParameter(t *testing.T) {
	factory := inNode(t)
	if _, err := factory(map[string]string{"copies": "16"}); err != nil {
		t.Errorf("copies of 16: %v", err)
	}
	_, err := factory(map[string]string{"copies": "17"})
	if err == nil || !strings.Contains(err.Error(), `copies: "17" is not a whole number from 1 to 16`) {
		t.Errorf("copies of 17: %v, want an error that says what would do", err)
	}
}

func TestAPolicyInAnotherLanguageCarriesASwarm(t *testing.T) {
	for _, c := range []struct {
		name         string
		viewers      int
		network      sim.Network
		p99          float64 // milliseconds at most
		continuity   float64 // at least
		egress, redo float64 // copies that leave the source, and redundancy, at most
	}{
		{"of five on one machine", 5, sim.Network{}, 50, 0.9999, 3, 0.1},
		{"of twenty between homes", 20, sim.Network{Median: 40 * time.Millisecond, Sigma: 0.5, Loss: 0.01}, 600, 0.98, 4, 0.25},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := sim.Run(sim.Config{
				Seed: 1, Duration: 12 * time.Second, Policy: inNode(t), PolicyName: "node", Network: c.network,
				Groups: []sim.Class{{Count: c.viewers, Over: time.Second}},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("delay p50 %.0f p99 %.0f ms, continuity %.5f, source %.2fx, redundancy %.3f, control %.3f",
				r.DelayMS.P50, r.DelayMS.P99, r.Continuity.Mean, r.SourceEgressRatio, r.RedundancyRatio, r.ControlRatio)
			switch {
			case r.NeverPlayed > 0:
				t.Errorf("%d viewers never played", r.NeverPlayed)
			case r.DelayMS.P99 > c.p99 || r.Continuity.Mean < c.continuity || r.SourceEgressRatio > c.egress || r.RedundancyRatio > c.redo:
				t.Errorf("want p99 %v ms, continuity %v, source %vx, redundancy %v", c.p99, c.continuity, c.egress, c.redo)
			}
		})
	}
}

// TestAPolicyInAnotherLanguageLivesAsLongAsItsHost runs the program as a host does, and without one.
func TestAPolicyInAnotherLanguageLivesAsLongAsItsHost(t *testing.T) {
	needNode(t)
	out, err := exec.CommandContext(t.Context(), nodePolicy).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "shoal plugin test") {
		t.Errorf("run by hand it said %q and ended with %v", out, err)
	}
	dir := plugintest.Folder(t)
	cmd := exec.CommandContext(t.Context(), nodePolicy)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), bridge.CookieKey + "=" + bridge.CookieValue, "PLUGIN_UNIX_SOCKET_DIR=" + dir, "PLUGIN_CLIENT_CERT=" + hostCertificate,
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "1|1|unix|"+dir) || !strings.Contains(line, "|grpc|") {
		t.Errorf("its handshake was %q, %v", line, err)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := cmd.Wait(); err != nil { // an interrupt that was not ignored would show
		t.Errorf("it ended with %v", err)
	}
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("it ended %v after its input", d)
	}
}

// hostCertificate is any certificate: nobody calls here.
const hostCertificate = `-----BEGIN CERTIFICATE-----
-----END CERTIFICATE-----`

// fields are the fields and words of a protobuf text: "Batch.now int64 = 2".
func fields(text string) map[string]bool {
	all := map[string]bool{}
	text = regexp.MustCompile(`//.*`).ReplaceAllString(text, "")
	for _, m := range regexp.MustCompile(`(?:message|enum) (\w+) \{((?:[^{}]|\{[^{}]*\})*)\}`).FindAllStringSubmatch(text, -1) {
		for _, f := range regexp.MustCompile(`((?:repeated )?[\w<>, .]*?) ?\b(\w+ = \d+);`).FindAllStringSubmatch(m[2], -1) {
			all[m[1]+": "+strings.TrimSpace(f[1]+" "+f[2])] = true
		}
	}
	return all
}

func TestAPolicyInAnotherLanguageUsesTheFieldsOfTheProtobuf(t *testing.T) {
	program, err := os.ReadFile(nodePolicy)
	if err != nil {
		t.Fatal(err)
	}
	var published strings.Builder
	for _, name := range []string{"common.proto", "policy.proto"} {
		b, err := os.ReadFile(filepath.Join("../../api/plugin/v1", name))
		if err != nil {
			t.Fatal(err)
		}
		published.Write(b)
	}
	_, rest, _ := strings.Cut(string(program), "parse(`")
	excerpt, _, _ := strings.Cut(rest, "`)")
	theirs, known := fields(excerpt), fields(published.String())
	if len(theirs) < 100 {
		t.Fatalf("found %d fields in the program's excerpt", len(theirs))
	}
	for f := range theirs {
		switch {
		case strings.HasPrefix(f, "Pair: "), strings.HasPrefix(f, "HealthCheck"), strings.HasPrefix(f, "ServingStatus"): // not of these files
		case known[f], known[strings.Replace(f, ": set ", ": uint64 ", 1)], known[strings.Replace(f, "repeated Pair", "map<string, string>", 1)]:
		default:
			t.Errorf("the program has %q, the published protobuf has not", f)
		}
	}
}
