package config_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/shoal-live/shoal/cmd/shoal/config"
)

func TestEgressesAreChosenByNameForAllStreamsOrForOne(t *testing.T) {
	c, err := load(t, `
plugins:
  mine: {kind: egress, path: ./mine, sha256: `+strings.Repeat("ab", 32)+`, limits: {cpu: 0.5}, params: {a: 1}}
egress:
  mine: {listen: "127.0.0.1:8870", params: {b: 2}}
  hls:
streams:
  cam1: {egress: {screen: {name: hls, isolation: inline}}}
`)
	if err != nil {
		t.Fatal(err)
	}
	all := c.For("other").Egress
	if got := slices.Sorted(maps.Keys(all)); !slices.Equal(got, []string{"hls", "mine"}) {
		t.Fatalf("a stream has the egresses %v", got)
	}
	if p := all["mine"]; p.Path != "./mine" || p.Limits.CPU != 0.5 || p.Listen != "127.0.0.1:8870" || p.Params["a"] != "1" || p.Params["b"] != "2" || len(p.SHA256) != 64 {
		t.Errorf("its own is %+v", p)
	}
	if p := all["hls"]; p.Name != "hls" || p.Isolation != config.Process {
		t.Errorf("the built-in one is %+v", p)
	}
	one := c.For("cam1").Egress
	if p := one["screen"]; len(one) != 1 || p.Name != "hls" || p.Isolation != config.Inline {
		t.Errorf("the stream with others has %+v", one)
	}
	var keys []string
	for _, u := range append(c.Installed(), c.Uses()...) {
		if u.Kind == "egress" {
			keys = append(keys, u.Key+"="+u.Plugin.Name)
		}
	}
	if want := []string{"plugins.mine=mine", "egress.hls=hls", "egress.mine=mine", "streams.cam1.egress.screen=hls"}; !slices.Equal(keys, want) {
		t.Errorf("the config names %v, want %v", keys, want)
	}
}

func TestAnEgressThatComesOrGoesIsAChange(t *testing.T) {
	with, err := load(t, "egress: {hls: }\n")
	if err != nil {
		t.Fatal(err)
	}
	without := config.Default()
	if got := keysOf(config.Diff(&without, &with)); !slices.Equal(got, []string{"egress.hls: not set -> set"}) {
		t.Errorf("one that comes: %q", got)
	}
	gone := config.Diff(&with, &without)
	if got := keysOf(gone); !slices.Equal(got, []string{"egress.hls: set -> not set"}) {
		t.Errorf("one that goes: %q", got)
	}
	if o := overlay(t, `{"egress": {"hls": {"listen": ":1"}}}`).Without(gone); len(o) != 0 {
		t.Errorf("what counted over it is left: %s", o.Bytes())
	}
}

func TestAnOverlayHasNoFileWrittenThatTheConfigDoesNotName(t *testing.T) {
	base, err := load(t, "egress: {tape: {name: pipe, listen: /srv/tape.mp4}}\n")
	if err != nil {
		t.Fatal(err)
	}
	for text, refused := range map[string]bool{
		`{"egress": {"pipe": {"listen": "/etc/passwd"}}}`:                                       true,
		`{"egress": {"tape": {"listen": "/etc/passwd"}}}`:                                       true,
		`{"streams": {"cam1": {"egress": {"x": {"name": "pipe", "listen": "/tmp/x"}}}}}`:        true,
		`{"egress": {"hls": {"listen": ":1"}}}`:                                                 false,
		`{"egress": {"tape": {"params": {"pacing": "complete"}}}}`:                              false,
		`{"streams": {"cam1": {"egress": {"x": {"name": "pipe", "listen": "/srv/tape.mp4"}}}}}`: false,
	} {
		c := base
		if err := overlay(t, text).Apply("test", &c); err != nil {
			t.Fatal(err)
		}
		err := c.CheckFiles("the control API", &base)
		if refused != errors.Is(err, config.ErrConfig) || refused != (err != nil) {
			t.Errorf("%s: %v", text, err)
		}
		if err != nil && (!strings.Contains(err.Error(), "egress.") || !strings.Contains(err.Error(), "set it in the config file")) {
			t.Errorf("%q does not name key and remedy", err)
		}
	}
}

func TestAViewerHasSomeKeysAndNoOthers(t *testing.T) {
	read := func(text string) (config.Config, error) {
		path := filepath.Join(t.TempDir(), "watch.yml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return config.LoadViewer(path, known)
	}
	c, err := read("uplink: 2M\ntransport: {listen: ':7000'}\negress: {hls: }\n")
	if err != nil {
		t.Fatal(err)
	}
	if c.Policy.Name != "" || c.Transport.Name != "quic" || c.Transport.Listen != ":7000" || c.LogLevel != "warn" || len(c.Egress) != 1 {
		t.Errorf("it is %+v", c)
	}
	if c, err = read("policy: {params: {feeders: 3}}\n"); err != nil || c.Policy.Name != "substream" {
		t.Errorf("with parameters alone the policy is %+v (%v)", c.Policy, err)
	}
	for text, says := range map[string]string{
		"mediamtx: {api: 'http://127.0.0.1:1'}\n": "mediamtx.api is for `shoal serve`",
		"streams: {cam1: {weight: 2}}\n":          "streams.cam1.weight is for `shoal serve`",
		"policy: clubz\n":                         "clubz",
		"uplnk: 1M\n":                             "watch.yml:1",
	} {
		if _, err := read(text); !errors.Is(err, config.ErrConfig) || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want an error that says %q", text, err, says)
		}
	}
}
