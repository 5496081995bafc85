//go:build unix

package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/mediamtx/tool"
	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/plugins/builtin"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

// shoal is the binary under test, built once.
var shoal string

func TestMain(m *testing.M) {
	if plugintest.Serves(os.Args) { // servers and viewers within the tests start this program as their plugins
		plugintest.Main(m, os.Args, builtin.Plugins()...)
		return
	}
	if clip := os.Getenv(studioClip); clip != "" {
		studio(clip)
		return
	}
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	dir, err := os.MkdirTemp("", "shoal-e2e-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // a temporary folder
	shoal = filepath.Join(dir, "shoal")
	if out, err := exec.Command("go", "build", "-o", shoal, ".").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("go build: %w\n%s", err, out)
	}
	media, err := tool.Path(context.Background(), os.Stderr)
	if err != nil {
		return 0, err
	}
	if err := os.Setenv("MEDIAMTX_BIN", media); err != nil { // processes of the tests run outside the checkout
		return 0, err
	}
	return m.Run(), nil
}

// output is what a process has printed so far.
type output struct{ bytes.Buffer }

// run runs shoal to its end and answers what it printed.
func run(t *testing.T, limit time.Duration, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, shoal, args...)
	cmd.Dir = t.TempDir()
	var o, e output
	cmd.Stdout, cmd.Stderr = &o, &e
	err = cmd.Run()
	if ctx.Err() != nil {
		t.Fatalf("shoal %s did not end within %v\n%s\n%s", strings.Join(args, " "), limit, o.String(), e.String())
	}
	return o.String(), e.String(), err
}

func TestDemoPlaysAtEveryViewerAndWritesItsReport(t *testing.T) {
	elsewhere(t)
	file := filepath.Join(t.TempDir(), "demo.json")
	stdout, stderr, err := run(t, 90*time.Second, "demo", "--headless", "--viewers", "6", "--for", "8s", "--report", file)
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
	t.Logf("ingest p50 %.1f ms, delay p50 %.1f p99 %.1f ms, %.1f times the bound, startup p95 %.0f ms, continuity %.5f, egress %.2f, offload %.2f",
		r.IngestMS.P50, r.DelayMS.P50, r.DelayMS.P99, r.Stretch, r.StartupMS.P95, r.Continuity.Mean, r.SourceEgressRatio, r.Offload)
	switch {
	case r.Viewers != 6 || r.NeverPlayed != 0:
		t.Errorf("%d viewers, %d never played", r.Viewers, r.NeverPlayed)
	case r.Continuity.Mean < 0.95:
		t.Errorf("continuity is %f", r.Continuity.Mean)
	case r.Offload <= 0:
		t.Errorf("viewers fed each other nothing: offload %f", r.Offload)
	case r.StreamBps < 200_000:
		t.Errorf("the stream had %.0f b/s", r.StreamBps)
	case r.IngestMS.Samples == 0 || r.IngestMS.P50 > 100:
		t.Errorf("from capture to born took %+v", r.IngestMS)
	case r.BoundMS.Postal <= 0 || r.BoundMS.Burst <= r.BoundMS.Postal || r.Stretch <= 0:
		t.Errorf("the bounds are %+v, the stretch %f", r.BoundMS, r.Stretch)
	case r.Max1sEgressBps > r.SourceCapBps:
		t.Errorf("%.0f b/s left the source, its cap is %.0f", r.Max1sEgressBps, r.SourceCapBps)
	}
}

func TestInterruptedDemoEndsAllThatItStartedWithinTwoSecondsAndLeavesNothing(t *testing.T) {
	elsewhere(t)
	temp := t.TempDir()
	cmd := exec.Command(shoal, "demo", "--headless", "--viewers", "3")
	cmd.Env = append(os.Environ(), "TMPDIR="+temp)
	cmd.Dir = t.TempDir()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stderr bytes.Buffer
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }()
	buf := make([]byte, 4096)
	for !strings.Contains(stderr.String(), "play ") {
		n, err := pipe.Read(buf)
		stderr.Write(buf[:n])
		if err != nil {
			t.Fatalf("it ended before it played: %v\n%s", err, stderr.String())
		}
	}
	began := time.Now()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it still runs 10 s after the interrupt")
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("it took %v to end", took)
	}
	if err := syscall.Kill(-cmd.Process.Pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("processes of its group are left: %v", err)
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("files are left: %v (%v)", left, err)
	}
	if left, err := os.ReadDir(cmd.Dir); err != nil || len(left) > 0 {
		t.Errorf("files are left where it ran: %v (%v)", left, err)
	}
}

func TestWrongUseSaysThingCauseAndWayOut(t *testing.T) {
	apart(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	stranger := httptest.NewServer(nil)
	defer stranger.Close()
	dir := t.TempDir()
	const free = "{listen: '127.0.0.1:0'}"
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	busyUDP, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busyUDP.Close()
	tcp, udp := busy.Addr().String(), busyUDP.LocalAddr().String()
	serve := func(name, text string) []string { return []string{"serve", write(name, text)} }
	// on is a config with free ports, but for the sections that are given.
	on := func(sections string) string {
		for key, text := range map[string]string{"rendezvous": "{listen: '127.0.0.1:0', stun: []}", "bus": free, "control": free, "transport": free} {
			if !strings.Contains(sections, key+":") {
				sections += "\n" + key + ": " + text
			}
		}
		return sections + "\n"
	}
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"an unknown command":           {[]string{"sreve"}, []string{"sreve", "--help"}},
		"a config that is missing":     {[]string{"serve", "nowhere.yml"}, []string{"nowhere.yml", "shoal.example.yml"}},
		"an unknown key":               {serve("a.yml", "uplnk: 5M\n"), []string{"a.yml:1", "uplnk", "uplink"}},
		"a wrong type":                 {serve("b.yml", "\nstream: [1]\n"), []string{"b.yml:2", "stream", "mapping"}},
		"a bad duration":               {serve("c.yml", "mediamtx: {poll: soon}\n"), []string{"c.yml:1", "mediamtx.poll", "soon", "50ms"}},
		"an unknown policy":            {serve("d.yml", "policy: clubz\n"), []string{"policy", "clubz", "substream"}},
		"an unknown transport":         {serve("e.yml", "transport: {name: carrier-pigeon}\n"), []string{"transport", "carrier-pigeon", "quic"}},
		"an unknown ingest":            {serve("f.yml", "ingest: {name: camera}\n"), []string{"ingest", "camera", "mediamtx"}},
		"a control port in use":        {serve("g.yml", on("control: {listen: '"+tcp+"'}")), []string{"control.listen", tcp}},
		"a bus port in use":            {serve("h.yml", on("bus: {listen: '"+tcp+"'}")), []string{"bus.listen", tcp, "bus.url"}},
		"a rendezvous port in use":     {serve("i.yml", on("rendezvous: {listen: '"+tcp+"', stun: []}")), []string{"rendezvous.listen", tcp}},
		"a STUN port in use":           {serve("j.yml", on("rendezvous: {listen: '127.0.0.1:0', stun: ['"+udp+"']}")), []string{"rendezvous.stun", udp}},
		"a QUIC port in use":           {serve("k.yml", on("transport: {listen: '"+udp+"'}")), []string{"transport.listen", udp}},
		"a rendezvous' own port, used": {[]string{"rendezvous", "--listen", tcp, "--publish", strings.Repeat("ab", 32)}, []string{"rendezvous.listen", tcp}},
		"a link that is none":          {[]string{"watch", "cam1"}, []string{"cam1", "https://host:9870/cam1"}},
		"a link of another protocol":   {[]string{"watch", "rtsp://127.0.0.1:8554/cam1"}, []string{"rtsp://127.0.0.1:8554/cam1", "https://host:9870/cam1"}},
		"a link to another server":     {[]string{"watch", stranger.URL + "/cam1"}, []string{"no Shoal rendezvous"}},
		"a link to nobody":             {[]string{"watch", "http://127.0.0.1:1/cam1"}, []string{"127.0.0.1:1", "does not answer"}},
		"a bad uplink":                 {[]string{"watch", "--uplink", "fast", "http://127.0.0.1:1/cam1"}, []string{"--uplink", "fast", "5M"}},
		"two egresses of one name":     {[]string{"watch", "--egress=pipe,listen=/tmp/a", "--egress=pipe,listen=/tmp/b", "http://127.0.0.1:1/cam1"}, []string{"--egress", `"pipe"`, "another name"}},
		"an egress that is none":       {[]string{"watch", "--egress=hlz", "http://127.0.0.1:1/cam1"}, []string{"--egress", "hlz", "hls", "./hlz"}},
		"no KEY=VALUE of an egress":    {[]string{"watch", "--egress=hls,loud", "http://127.0.0.1:1/cam1"}, []string{"--egress", "loud", "KEY=VALUE"}},
		"an isolation that is none":    {[]string{"watch", "--isolation=jail", "http://127.0.0.1:1/cam1"}, []string{"--isolation", "jail", "process, inline"}},
		"a viewer's config with more":  {[]string{"watch", "--config", write("w.yml", "mediamtx: {user: me}\n"), "http://127.0.0.1:1/cam1"}, []string{"w.yml", "mediamtx.user", "shoal serve"}},
		"a helper's link that is none": {[]string{"helper", "cam1"}, []string{"cam1", "https://host:9870/cam1"}},
		"a helper's bad uplink":        {[]string{"helper", "--uplink", "fast", "http://127.0.0.1:1/cam1"}, []string{"--uplink", "fast", "5M"}},
		"a helper that is to play":     {[]string{"helper", "--hls", "127.0.0.1:0", "http://127.0.0.1:1/cam1"}, []string{"--hls", "shoal helper --help"}},
		"a helper with an egress":      {[]string{"helper", "--config", write("x.yml", "egress: {hls: {listen: '127.0.0.1:0'}}\n"), "http://127.0.0.1:1/cam1"}, []string{"egress.hls", "plays nothing", "shoal watch"}},
		"a rendezvous for nobody":      {[]string{"rendezvous", "--listen", "127.0.0.1:0"}, []string{"--publish", "shoal key show"}},
		"too many viewers":             {[]string{"demo", "--viewers", "1000"}, []string{"--viewers", "1..200"}},
		"a network too bad":            {[]string{"demo", "--loss", "90%"}, []string{"loss", "90%", "0%..50%"}},
		"a line too narrow":            {[]string{"demo", "--viewer-uplink", "1k"}, []string{"--viewer-uplink", "8000"}},
		"an unknown plugin":            {[]string{"plugin", "serve", "policy/clubz"}, []string{"clubz"}},
		"a flag that is none":          {[]string{"serve", "--config", "x.yml"}, []string{"--config", "shoal serve --help"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, stderr, err := run(t, 20*time.Second, c.args...)
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Fatalf("it ended with %v\n%s", err, stderr)
			}
			for _, w := range c.want {
				if !strings.Contains(stderr, w) {
					t.Errorf("it does not say %q:\n%s", w, stderr)
				}
			}
			if strings.Contains(stderr, "goroutine ") {
				t.Errorf("it panicked:\n%s", stderr)
			}
		})
	}
}

func TestKeyMovesBetweenMachines(t *testing.T) {
	elsewhere(t)
	one, two := t.TempDir(), t.TempDir()
	exported, stderr, err := run(t, 10*time.Second, "key", "export", "--data", one)
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	file := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(file, []byte(exported), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, stderr, err := run(t, 10*time.Second, "key", "import", file, "--data", two); err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	a, _, _ := run(t, 10*time.Second, "key", "show", "--data", one)
	b, _, _ := run(t, 10*time.Second, "key", "show", "--data", two)
	if a == "" || a != b {
		t.Fatalf("%q became %q", a, b)
	}
}
