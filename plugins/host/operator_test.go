//go:build unix

package host_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/plugins/bridge"
	"github.com/shoal-live/shoal/plugins/host"
	"github.com/shoal-live/shoal/plugins/plugintest"
)

var rewrite = flag.Bool("rewrite", false, "write what the operator reads now into testdata")

// trouble is one way to get a plugin wrong; err is what the operator reads.
type trouble struct {
	name string
	err  func(t *testing.T, r *rig) error
}

// step asks the policy of a spec for an answer, and tells why it did not live.
func step(t *testing.T, r *rig, spec host.Spec, params map[string]string) error {
	t.Helper()
	p, err := r.Policy(t.Context(), spec, params)
	if err != nil {
		return err
	}
	defer p.Close()
	p.Step(&scheduler.Batch{Revision: 1, Snapshot: true})
	take(t, p.Done(), "Done")
	return p.Err()
}

// carry runs the transport of a spec until it ends by itself.
func carry(t *testing.T, r *rig, spec host.Spec, dial swarm.Address) error {
	t.Helper()
	made, err := r.Transport(t.Context(), spec, transport.Config{Identity: make([]byte, 64)})
	if err != nil {
		return err
	}
	ctx, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	s := &deaf{up: make(chan struct{}, 1)}
	ended := make(chan error, 1)
	go func() { ended <- made.Run(ctx, s) }()
	if dial != "" {
		take(t, s.up, "Listening")
		_ = made.Dial(swarm.PeerID{1}, []swarm.Address{dial}) // how it ends is what counts
	}
	return take(t, ended, "end of Run")
}

// deaf is a sink that looks at nothing.
type deaf struct{ up chan struct{} }

func (d *deaf) Listening([]swarm.Address)     { d.up <- struct{}{} }
func (d *deaf) Received([]transport.Received) {}
func (d *deaf) Event(transport.Event)         {}

func troubles() []trouble {
	file := func(name, text string, mode os.FileMode) trouble {
		return trouble{name, func(t *testing.T, r *rig) error {
			path := script(t, text)
			if err := os.Chmod(path, mode); err != nil {
				t.Fatal(err)
			}
			return ask(t, r, host.Spec{Path: path})
		}}
	}
	lies := func(name, what string) trouble {
		return trouble{name, func(t *testing.T, r *rig) error {
			spec := lie(t, what)
			spec.Kind = bridge.KindPolicy
			return step(t, r, spec, nil)
		}}
	}
	does := func(name, what string, l host.Limits) trouble {
		return trouble{name, func(t *testing.T, r *rig) error {
			spec := parrotSpec()
			spec.Limits = l
			return step(t, r, spec, map[string]string{"step": what})
		}}
	}
	const good = "#!/bin/sh\nexit 0\n"
	return []trouble{
		{"no such file", func(t *testing.T, r *rig) error { return ask(t, r, host.Spec{Path: "/nowhere/mine"}) }},
		{"a folder", func(t *testing.T, r *rig) error { return ask(t, r, host.Spec{Path: filepath.Dir(script(t, good))}) }},
		{"wrong checksum", func(t *testing.T, r *rig) error {
			return ask(t, r, host.Spec{Path: script(t, good), SHA256: strings.Repeat("0", 64)})
		}},
		{"a checksum that is none", func(t *testing.T, r *rig) error { return ask(t, r, host.Spec{Path: script(t, good), SHA256: "abc"}) }},
		file("not executable", good, 0o644),
		file("group-writable", good, 0o775),
		file("world-writable", good, 0o757),
		{"in a folder that others can change", func(t *testing.T, r *rig) error {
			path := script(t, good)
			if err := os.Chmod(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			return ask(t, r, host.Spec{Path: path})
		}},
		file("no program", "\x00\x01\x02", 0o755),
		file("crashes at start", "#!/bin/sh\necho cannot open shared object libfoo.so.1 >&2\nexit 127\n", 0o755),
		file("ends at start without a word", good, 0o755),
		file("crashes during the handshake", "#!/bin/sh\nprintf '1|1|un'\nkill -SEGV $$\n", 0o755),
		file("says something else", "#!/bin/sh\necho usage: mine FILE\nsleep 20\n", 0o755),
		file("says nothing", "#!/bin/sh\nsleep 20\n", 0o755),
		file("of the next protocol", "#!/bin/sh\necho '1|2|unix|/nowhere|grpc|'\nsleep 20\n", 0o755),
		file("of no protocol", "#!/bin/sh\necho '1||unix|/nowhere|grpc|'\nsleep 20\n", 0o755),
		file("of another go-plugin", "#!/bin/sh\necho '9|1|unix|/nowhere|grpc|'\nsleep 20\n", 0o755),
		file("without gRPC", "#!/bin/sh\necho '1|1|unix|/nowhere|netrpc|'\nsleep 20\n", 0o755),
		file("listens nowhere", "#!/bin/sh\necho '1|1|unix|/nowhere|grpc|'\nsleep 20\n", 0o755),
		lies("describes nothing", "nothing"),
		lies("does not describe itself", "slow"),
		lies("describes itself at too great a length", "huge"),
		lies("crashes when asked to describe itself", "exit"),
		lies("two plugins of one name", "twice"),
		{"wrong kind", func(t *testing.T, r *rig) error {
			self := plugintest.Self(t)
			return carry(t, r, host.Spec{Name: "mine", Path: self[0], Args: []string{self[1], "policy/parrot"}}, "")
		}},
		{"no built-in of that name", func(t *testing.T, r *rig) error { return ask(t, r, host.Spec{Name: "clubz"}) }},
		{"a file that is to be inline", func(t *testing.T, r *rig) error {
			return ask(t, r, host.Spec{Path: "/bin/true", Isolation: host.Inline})
		}},
		{"limits that cannot be", func(t *testing.T, r *rig) error {
			return ask(t, r, host.Spec{Name: "parrot", Limits: host.Limits{Memory: 64}})
		}},
		{"a parameter that its author refuses", func(t *testing.T, r *rig) error {
			_, err := r.Policy(t.Context(), parrotSpec(), map[string]string{"step": "sideways"})
			return err
		}},
		lies("does not open", "no answer to open"),
		does("panics in a call", "panic", host.Limits{}),
		does("exits in a call", "exit", host.Limits{}),
		does("hangs in a call", "hang", host.Limits{}),
		{"panics in a dial", func(t *testing.T, r *rig) error { return carry(t, r, echoSpec(), "echo:panic") }},
		lies("answers what was not asked", "another revision"),
		lies("answers out of bounds", "substream 99"),
		lies("answers at too great a length", "oversized"),
		lies("answers garbage", "garbage"),
		{"ends links that never were", func(t *testing.T, r *rig) error { return carry(t, r, lie(t, "unknown link"), "") }},
		{"floods the node with links", func(t *testing.T, r *rig) error { return carry(t, r, lie(t, "flood"), "") }},
		{"fails again and again", func(t *testing.T, r *rig) error {
			spec := host.Spec{Path: script(t, "#!/bin/sh\nexit 3\n")}
			var err error
			for range 12 {
				if err = ask(t, r, spec); errors.Is(err, host.ErrBroken) {
					break
				}
				host.SkipBackoff(r.Host)
			}
			return err
		}},
	}
}

// TestTheOperatorReadsOneLine compares what every trouble says with testdata/operator.txt, which is there to be read.
func TestTheOperatorReadsOneLine(t *testing.T) {
	var text strings.Builder
	all := append(troubles(), moreTroubles()...)
	judged := 0
	for _, c := range all {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			r := newRig(t, func(c *host.Config) { c.Start, c.Log = 1500*time.Millisecond, slog.New(warnings(&log)) })
			began := time.Now()
			err := c.err(t, r)
			if d := time.Since(began); d > 8*time.Second {
				t.Errorf("it took %v", d)
			}
			if err == nil {
				t.Fatal("no error")
			}
			line := plainPaths(err.Error())
			if strings.Contains(line, "\n") || len(line) > 300 {
				t.Errorf("%q is not one line that one reads", line)
			}
			if !strings.Contains(line, "policy/") && !strings.Contains(line, "transport/") && c.name != "a parameter that its author refuses" && c.name != "no built-in of that name" {
				t.Errorf("%q does not name the plugin", line)
			}
			judged++
			fmt.Fprintf(&text, "%s:\n\t%s\n", c.name, line)
			if !errors.Is(err, host.ErrStart) && (errors.Is(err, host.ErrPluginDied) || errors.Is(err, bridge.ErrProtocol)) {
				wait[event.PluginDied](t, r) // logged by then
				fmt.Fprintf(&text, "\tlog: %s\n", strings.ReplaceAll(strings.TrimSpace(plainPaths(log.String())), "\n", "\n\tlog: "))
			}
		})
	}
	const path = "testdata/operator.txt"
	if *rewrite {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (go test ./plugins/host -rewrite writes it)", err)
	}
	if !holdsLimits || underRace || judged < len(all) {
		return // the file has what only Linux says, of a program as it is built for use, and all of it
	}
	if text.String() != string(want) {
		t.Errorf("the operator reads something else (go test ./plugins/host -run Operator -rewrite writes it down):\n%s", text.String())
	}
}

// warnings logs what an operator is to see, without what differs from run to run.
func warnings(w io.Writer) slog.Handler {
	return slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "pid" || a.Key == "not before" {
			return slog.Attr{}
		}
		return a
	}})
}

// plainPaths has the same words in every run: paths of tests, sums and sizes differ.
func plainPaths(line string) string {
	for _, c := range []struct{ from, to string }{
		{`/(?:tmp|nowhere)(?:/[\w.+-]+)*/(?:mine|host\.test)\b`, "/plugins/mine"},
		{`/tmp/[\w./-]*`, "/plugins"},
		{`\b[1-9a-f][0-9a-f]{63}\b`, "9f86d081…"},
		{`\b0{64}\b`, "0000…"},
		{`uses \d+ MiB`, "uses 219 MiB"},
		{`in 30s|in 29s`, "in 30s"},
	} {
		line = regexp.MustCompile(c.from).ReplaceAllString(line, c.to)
	}
	return line
}
