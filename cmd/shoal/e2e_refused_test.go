//go:build unix

package main_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestServeSaysWhatIsWrongWithAPluginBeforeItBegins wants one line that names the key, the plugin, the cause and the remedy, and
// nothing begun.
func TestServeSaysWhatIsWrongWithAPluginBeforeItBegins(t *testing.T) {
	elsewhere(t)
	t.Parallel()
	file := func(text string, mode os.FileMode) string {
		path := filepath.Join(t.TempDir(), "mine")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const free = "{listen: '127.0.0.1:0'}"
	good, _ := foreign(t)
	for name, c := range map[string]struct {
		text string // of the config; %s is the path
		path string
		says []string
	}{
		"no such file":     {"policy: {path: %s}", "/nowhere/mine", []string{"policy", "policy/mine", "no such file", "check the path"}},
		"not executable":   {"policy: {path: %s}", file("#!/bin/sh\n", 0o644), []string{"policy", "not executable", "chmod u+x"}},
		"world-writable":   {"ingest: {path: %s}", file("#!/bin/sh\n", 0o757), []string{"ingest", "ingest/mine", "can be changed", "chmod go-w"}},
		"wrong checksum":   {"egress: {mine: {path: %s, sha256: " + strings.Repeat("0", 64) + "}}", good, []string{"egress.mine", "not the pinned", "pin the new one"}},
		"of one stream":    {"streams: {cam1: {policy: {path: %s}}}", file("#!/bin/sh\n", 0o600), []string{"streams.cam1.policy", "chmod u+x"}},
		"used by nothing":  {"plugins: {spare: {kind: egress, path: %s}}", "/nowhere/spare", []string{"plugins.spare", "egress/spare", "check the path"}},
		"wrong kind":       {"egress: {mine: {path: %s}}", good, []string{"egress.mine", "have: policy/substream", "under its kind"}},
		"crashes at start": {"transport: {path: %s, listen: '127.0.0.1:0'}", file("#!/bin/sh\necho no libfoo >&2\nexit 3\n", 0o755), []string{"transport", "exit status 3", "no libfoo"}},
		"no plugin at all": {"policy: {path: %s}", file("#!/bin/sh\necho hello\n", 0o755), []string{"policy", "hello", "is it a Shoal plugin?"}},
		"two of one name":  {"policy: {name: mine, path: %[1]s}\nstream: {policy: {name: mine, path: %[1]s2}}", good, []string{"stream.policy", `"mine"`, good, good + "2", "another name"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := fmt.Sprintf(c.text, c.path)
			for key, value := range map[string]string{
				"rendezvous": "{listen: '127.0.0.1:0', stun: []}", "bus": free, "control": free, "transport": free, "logLevel": "error",
				"mediamtx": "{api: 'http://127.0.0.1:1'}",
			} {
				if !strings.Contains(text, key+":") {
					text += "\n" + key + ": " + value
				}
			}
			config := filepath.Join(t.TempDir(), "shoal.yml")
			if err := os.WriteFile(config, []byte(text+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			_, stderr, err := run(t, 20*time.Second, "serve", config)
			var exit *exec.ExitError
			if !errors.As(err, &exit) {
				t.Fatalf("it ended with %v\n%s", err, stderr)
			}
			if strings.Count(stderr, "\n") != 1 {
				t.Errorf("want one line alone:\n%s", stderr)
			}
			for _, w := range c.says {
				if !strings.Contains(stderr, w) {
					t.Errorf("it does not say %q:\n%s", w, stderr)
				}
			}
			t.Log(strings.TrimSpace(stderr))
		})
	}
}
