//go:build unix

package main_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// foreign is an executable that serves the built-in policy, as a stranger's would its own.
func foreign(t *testing.T) (path, checksum string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "stranger")
	script := fmt.Sprintf("#!/bin/sh\nexec '%s' plugin serve policy/substream\n", shoal)
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path, sum([]byte(script))
}

// sum is the checksum of a file, as one pins it.
func sum(file []byte) string {
	s := sha256.Sum256(file)
	return hex.EncodeToString(s[:])
}

// listed is a line of plugin list --json.
type listed struct {
	Kind, Name, Path, Key, Version, SHA256, Isolation, State, Error string
	Protocol                                                        int
}

// list runs plugin list on a config, and answers its table and its JSON.
func list(t *testing.T, config string) (table string, all []listed) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "shoal.yml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	table, stderr, err := within(t, dir, "plugin", "list")
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	stdout, stderr, err := within(t, t.TempDir(), "plugin", "list", "--json", "--config", filepath.Join(dir, "shoal.yml"))
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	if err := json.Unmarshal([]byte(stdout), &all); err != nil {
		t.Fatalf("%v\n%s", err, stdout)
	}
	return table, all
}

// one is the plugin of a kind and name that a list must have.
func one(t *testing.T, all []listed, kind, name string) listed {
	t.Helper()
	for _, p := range all {
		if p.Kind == kind && p.Name == name {
			return p
		}
	}
	t.Fatalf("no %s/%s in %+v", kind, name, all)
	return listed{}
}

func TestPluginListTellsOfTheBuiltInOnesAndOfThoseOfTheConfig(t *testing.T) {
	elsewhere(t)
	path, sum := foreign(t)
	own, err := os.ReadFile(shoal)
	if err != nil {
		t.Fatal(err)
	}
	ownSum := sha256.Sum256(own)
	table, all := list(t, fmt.Sprintf(`
control: {listen: "127.0.0.1:1"}
egress: {screen: {name: hls, isolation: inline}}
plugins: {spare: {kind: policy, path: %s}}
policy: {name: mine, path: %s}
streams:
  cam1: {policy: {name: pinned, path: %s, sha256: %s}}
  cam2: {policy: {name: other, path: %s, sha256: %s}}
`, path, path, path, sum, path, strings.Repeat("0", 64)))
	quic := one(t, all, "transport", "quic")
	if quic.SHA256 != hex.EncodeToString(ownSum[:]) || quic.Protocol != 1 || quic.Isolation != "process" || quic.State != "not running" || quic.Key != "transport" {
		t.Errorf("%+v", quic)
	}
	if p := one(t, all, "egress", "hls"); p.Isolation != "inline" || p.Key != "egress.screen" {
		t.Errorf("%+v", p)
	}
	if p := one(t, all, "policy", "spare"); p.SHA256 != sum || p.Key != "plugins.spare" {
		t.Errorf("one that nothing uses: %+v", p)
	}
	mine := one(t, all, "policy", "mine")
	if mine.SHA256 != sum || mine.Path != path || mine.Protocol != 1 || mine.Version == "" || mine.State != "not running" || mine.Key != "policy" {
		t.Errorf("%+v", mine)
	}
	if p := one(t, all, "policy", "pinned"); p.Error != "" || p.Key != "streams.cam1.policy" {
		t.Errorf("%+v", p)
	}
	if p := one(t, all, "policy", "other"); p.State != "cannot start" || !strings.Contains(p.Error, "not the pinned") {
		t.Errorf("%+v", p)
	}
	lines := strings.Split(table, "\n")
	if got := strings.Fields(lines[0]); strings.Join(got, " ") != "KIND NAME VERSION PROTOCOL SHA256 ISOLATION STATE FROM" {
		t.Errorf("the head of the table is %q", lines[0])
	}
	want := fmt.Sprintf("policy mine %s 1 %s process not running %s", mine.Version, sum[:12], path)
	found := false
	for _, line := range lines {
		found = found || strings.Join(strings.Fields(line), " ") == want
	}
	if !found {
		t.Errorf("no line %q in\n%s", want, table)
	}
	if !strings.Contains(table, "\npolicy/other: ") {
		t.Errorf("the table does not say why a plugin cannot start:\n%s", table)
	}
}

func TestPluginListAsksTheRunningNodeForStates(t *testing.T) {
	elsewhere(t)
	node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v3/plugins/list" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, `{"itemCount":1,"pageCount":1,"items":[{"kind":"transport","name":"quic","state":"restarting","pid":7,"error":"killed"}]}`)
	}))
	defer node.Close()
	_, all := list(t, fmt.Sprintf("control: {listen: %q}\n", node.Listener.Addr().String()))
	if p := one(t, all, "transport", "quic"); p.State != "restarting" || p.Error != "killed" {
		t.Errorf("%+v", p)
	}
	if p := one(t, all, "policy", "substream"); p.State != "not in use" {
		t.Errorf("%+v", p)
	}
}

func TestPluginInfoTellsAllThatThereIsToKnow(t *testing.T) {
	elsewhere(t)
	path, sum := foreign(t)
	stdout, stderr, err := within(t, t.TempDir(), "plugin", "info", path)
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	for _, want := range []string{"policy/substream", "yes", "protocol", "ms after exec", path, "\n  sha256: " + sum + "\n"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("it does not say %q:\n%s", want, stdout)
		}
	}
	stdout, stderr, err = within(t, t.TempDir(), "plugin", "info", "ingest/mediamtx", "--json")
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr)
	}
	var facts struct {
		Offers []struct {
			Kind, Name, DataChannel string
			Capabilities            []string
		}
		ReadyMS float64
	}
	if err := json.Unmarshal([]byte(stdout), &facts); err != nil {
		t.Fatal(err)
	}
	if len(facts.Offers) != 1 || facts.Offers[0].Name != "mediamtx" || len(facts.Offers[0].Capabilities) == 0 || facts.Offers[0].DataChannel != "yes" || facts.ReadyMS <= 0 {
		t.Errorf("%+v", facts)
	}
}

func TestPluginTestSaysWhatIsWrongAndExitsWithOne(t *testing.T) {
	elsewhere(t)
	path, _ := foreign(t)
	stdout, stderr, err := within(t, t.TempDir(), "plugin", "test", path, "--run", "unknown parameter")
	if err != nil || !strings.Contains(stdout, "pass  an unknown parameter is an error that names it") {
		t.Errorf("%v\n%s\n%s", err, stdout, stderr)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, err = within(t, t.TempDir(), "plugin", "test", path)
	if err == nil || err.Error() != "exit status 1" {
		t.Errorf("it ended with %v", err)
	}
	if !strings.Contains(stdout, "FAIL  the host starts it") || !strings.Contains(stdout, "chmod u+x") || !strings.Contains(stderr, "breaks its contract: 1 fail of 1") {
		t.Errorf("it says\n%s\n%s", stdout, stderr)
	}
	if _, stderr, err := within(t, t.TempDir(), "plugin", "test", "policy/clubz"); err == nil || !strings.Contains(stderr, "KIND/NAME") {
		t.Errorf("no such plugin: %v, %s", err, stderr)
	}
}
