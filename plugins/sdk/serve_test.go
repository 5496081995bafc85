package sdk_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/plugintest"
	"github.com/shoal-live/shoal/plugins/sdk"
)

func TestMain(m *testing.M) {
	plugintest.Main(m, os.Args, policy("idle"))
}

type idle struct{}

func (idle) Step(b *scheduler.Batch) scheduler.Answer { return scheduler.Answer{Revision: b.Revision} }

func policy(name string) sdk.Plugin {
	return sdk.Policy(name, func(map[string]string) (scheduler.Policy, error) { return idle{}, nil })
}

// process runs the test binary as a plugin, as a host does, and waits for its handshake.
func process(t *testing.T) (cmd *exec.Cmd, stdin io.Closer, line string) {
	t.Helper()
	self := plugintest.Self(t)
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(stop)
	cmd = exec.CommandContext(ctx, self[0], self[1], "policy/idle")
	cmd.Env = []string{
		bridge.CookieKey + "=" + bridge.CookieValue, "PLUGIN_PROTOCOL_VERSIONS=1", "PLUGIN_MIN_PORT=10000", "PLUGIN_MAX_PORT=25000",
		"PLUGIN_UNIX_SOCKET_DIR=" + plugintest.Folder(t), "SystemRoot=" + os.Getenv("SystemRoot"),
	}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err = bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	return cmd, in, line
}

func TestAPluginSaysTheHandshakeAndEndsWithItsInput(t *testing.T) {
	cmd, in, line := process(t)
	if !strings.HasPrefix(line, "1|1|") || !strings.Contains(line, "|grpc|") {
		t.Errorf("handshake %q", line)
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("it ended after %v", d)
	}
}

func TestAPluginIgnoresInterrupts(t *testing.T) {
	cmd, in, _ := process(t)
	for range 3 {
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Skipf("SKIPPED: no interrupts here: %v; Unix has them", err)
		}
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil { // an interrupt that was not ignored would show
		t.Errorf("it ended with %v", err)
	}
}

func TestServeRefusesWhatCannotBeServed(t *testing.T) {
	if err := sdk.Serve(policy("a")); !errors.Is(err, sdk.ErrNoHost) {
		t.Errorf("run by hand: %v; want ErrNoHost", err)
	}
	t.Setenv(bridge.CookieKey, bridge.CookieValue)
	for name, c := range map[string]struct {
		plugins []sdk.Plugin
		says    string
	}{
		"nothing":            {nil, "nothing to serve"},
		"one without a name": {[]sdk.Plugin{policy("")}, "no name"},
		"two of one name":    {[]sdk.Plugin{policy("a"), policy("a")}, "policy/a"},
		"no factory":         {[]sdk.Plugin{sdk.Policy("a", nil)}, "no factory"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := sdk.Serve(c.plugins...); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v does not say %q", err, c.says)
			}
		})
	}
}

func TestLogRecordsAreAsTheHostTakesThemApart(t *testing.T) {
	var out bytes.Buffer
	log := sdk.NewLogger(&out, "WARN")
	log.Info("too low")
	log.Warn("full", "link", 3, slog.Group("peer", "msg", "kept"))
	var record map[string]any
	if err := json.Unmarshal(out.Bytes(), &record); err != nil {
		t.Fatalf("%q: %v", out.String(), err)
	}
	if record["@message"] != "full" || record["@level"] != "warn" || record["@timestamp"] == nil || record["link"] != 3.0 {
		t.Errorf("record %v", record)
	}
	if p, ok := record["peer"].(map[string]any); !ok || p["msg"] != "kept" {
		t.Errorf("group %v", record["peer"])
	}
}
