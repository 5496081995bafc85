package plugintest_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
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
		t.Skip("SKIPPED: there is no node, so the policy in JavaScript is not proved; Debian has it as nodejs, version 18 or later will do")
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
	whole(t)
	schedulertest.Suite(t, inNode(t))
}

func TestAPolicyInAnotherLanguageTakesItsParameter(t *testing.T) {
	whole(t)
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
	whole(t)
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

// started is the example as a process, with its handshake.
type started struct {
	cmd  *exec.Cmd
	in   io.Closer
	line []string // the parts of the handshake
}

// startNode runs the example as a host with that certificate does.
func startNode(t *testing.T, hostCertificate []byte) started {
	t.Helper()
	needNode(t)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second) // for one that does not end by itself
	t.Cleanup(stop)
	s := started{cmd: exec.CommandContext(ctx, nodePolicy)}
	s.cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), bridge.CookieKey + "=" + bridge.CookieValue,
		"PLUGIN_UNIX_SOCKET_DIR=" + plugintest.Folder(t), "PLUGIN_CLIENT_CERT=" + string(hostCertificate),
	}
	var err error
	if s.in, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if s.line = strings.Split(strings.TrimSpace(line), "|"); err != nil || len(s.line) != 6 {
		t.Fatalf("its handshake was %q, %v", line, err)
	}
	return s
}

// ends ends its input, as the end of a host does, and waits for it.
func (s started) ends(t *testing.T) {
	t.Helper()
	if err := s.in.Close(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("it ended %v after its input", d)
	}
}

// identity is a certificate such as the host makes for itself.
func identity(t *testing.T) (id tls.Certificate, text []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	as := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, as, as, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestAPolicyInAnotherLanguageLivesAsLongAsItsHost(t *testing.T) {
	whole(t)
	_, text := identity(t)
	s := startNode(t, text)
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	s.ends(t) // an interrupt that was not ignored would show
	if out, err := exec.CommandContext(t.Context(), nodePolicy).CombinedOutput(); err == nil || !strings.Contains(string(out), "shoal plugin test") {
		t.Errorf("run by hand it said %q and ended with %v", out, err)
	}
}

func TestAPolicyInAnotherLanguageSpeaksWithItsHostAlone(t *testing.T) {
	whole(t)
	mine, text := identity(t)
	other, _ := identity(t)
	s := startNode(t, text)
	defer s.ends(t)
	der, err := base64.RawStdEncoding.DecodeString(s.line[5])
	if err != nil {
		t.Fatal(err)
	}
	its, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(its)
	for _, c := range []struct {
		who     string
		present []tls.Certificate
		taken   bool
	}{{"its host", []tls.Certificate{mine}, true}, {"another host", []tls.Certificate{other}, false}, {"somebody without a certificate", nil, false}} {
		raw, err := net.Dial(s.line[2], s.line[3])
		if err != nil {
			t.Fatal(err)
		}
		conn := tls.Client(raw, &tls.Config{Certificates: c.present, RootCAs: roots, ServerName: "localhost", NextProtos: []string{"h2"}})
		_, err = conn.Read(make([]byte, 1)) // of the settings that a server of HTTP/2 begins with
		if taken := err == nil; taken != c.taken {
			t.Errorf("%s was heard: %v (%v), want %v", c.who, taken, err, c.taken)
		}
		_ = raw.Close() // it has served its purpose
	}
}

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
