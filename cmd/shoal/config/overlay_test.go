package config_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/shoal-live/shoal/cmd/shoal/config"
)

func overlay(t *testing.T, text string) config.Overlay {
	t.Helper()
	o, err := config.ParseOverlay("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func keysOf(changes []config.Change) []string {
	var keys []string
	for _, c := range changes {
		keys = append(keys, c.String())
	}
	return keys
}

func TestOverlayCountsOverTheFileAndNullTakesAKeyOut(t *testing.T) {
	base, err := load(t, "uplink: 5M\nstreams:\n  cam1: {weight: 3, access: public}\npolicy: {name: substream, params: {eager: 2}}\n")
	if err != nil {
		t.Fatal(err)
	}
	o := overlay(t, `{"uplink": "8M", "streams": {"cam1": {"weight": 5}, "a.b": {"share": false}}}`)
	c := base
	if err := o.Apply("test", &c); err != nil {
		t.Fatal(err)
	}
	got := keysOf(config.Diff(&base, &c))
	want := []string{"uplink: 5M -> 8M", "streams.a.b.share: not set -> false", "streams.cam1.weight: 3 -> 5"}
	if !slices.Equal(got, want) {
		t.Errorf("the changes are %q, want %q", got, want)
	}
	if base.Streams["cam1"].Weight != 3 {
		t.Error("the file's config changed with it")
	}
	if c.For("cam1").Access != "public" {
		t.Error("what the overlay does not say was lost")
	}
	o = o.Merge(overlay(t, `{"uplink": null, "streams": {"cam1": null}}`))
	if text := string(o.Bytes()); text != `{"streams":{"a.b":{"share":false}}}` {
		t.Errorf("with two keys taken out it is %s", text)
	}
}

func TestAnotherNameForgetsWhatBelongedToThePlugin(t *testing.T) {
	base, err := load(t, "policy: {name: substream, isolation: inline, params: {eager: 2}}\ntransport: {path: /opt/fast.bin, listen: ':7000'}\n")
	if err != nil {
		t.Fatal(err)
	}
	if base.Transport.Name != "fast" || base.Transport.Listen != ":7000" {
		t.Errorf("the transport is %+v", base.Transport)
	}
	for _, text := range []string{`{"policy": "rarest", "transport": {"name": "quic"}}`, `{"policy": {"name": "rarest"}, "transport": "quic"}`} {
		c := base
		if err := overlay(t, text).Apply("test", &c); err != nil {
			t.Fatal(err)
		}
		if c.Policy.Params != nil || c.Policy.Isolation != config.Inline || c.Transport.Path != "" || c.Transport.Listen != ":7000" {
			t.Errorf("%s: the policy is %+v, the transport %+v", text, c.Policy, c.Transport)
		}
	}
}

func TestOverlayIsRefusedWhereItNamesWhatIsRun(t *testing.T) {
	for name, text := range map[string]string{
		"a path":                 `{"policy": {"path": "/tmp/x"}}`,
		"arguments":              `{"transport": {"args": ["-x"]}}`,
		"an environment":         `{"ingest": {"env": ["HOME"]}}`,
		"limits":                 `{"ingest": {"limits": {"memory": 0}}}`,
		"a checksum":             `{"ingest": {"sha256": ""}}`,
		"plugins":                `{"plugins": {"x": {"path": "/tmp/x"}}}`,
		"a path of a stream":     `{"streams": {"cam1": {"policy": {"path": "/tmp/x"}}}}`,
		"a path in a test":       `{"stream": {"abTest": {"policy": {"path": "/tmp/x"}}}}`,
		"what is no object":      `[1]`,
		"what follows an object": `{} {}`,
		"too much":               `{"logLevel": "` + strings.Repeat("x", config.MaxOverlay) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := config.ParseOverlay("the control API", []byte(text)); !errors.Is(err, config.ErrConfig) || !strings.Contains(err.Error(), "the control API") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestWhatChangedElsewhereLeavesTheOverlay(t *testing.T) {
	o := overlay(t, `{"uplink": "8M", "policy": "rarest", "streams": {"a.b": {"weight": 2}}}`)
	o = o.Without([]config.Change{{Path: []string{"policy", "name"}}, {Path: []string{"streams", "a.b", "weight"}}, {Path: []string{"logLevel"}}})
	if text := string(o.Bytes()); text != `{"uplink":"8M"}` {
		t.Errorf("it is %s", text)
	}
}

func TestDiffHidesSecretsAndTellsWhatWaitsForAStart(t *testing.T) {
	from, to := config.Default(), config.Default()
	to.MediaMTX.Pass, to.Bus.Listen = "hunter2", "127.0.0.1:1"
	got := keysOf(config.Diff(&from, &to))
	want := []string{"mediamtx.pass: (secret) -> (another)", "bus.listen: 127.0.0.1:9874 -> 127.0.0.1:1 (from the next start on)"}
	if !slices.Equal(got, want) {
		t.Errorf("the changes are %q, want %q", got, want)
	}
}

func TestPluginsAreChosenByName(t *testing.T) {
	c, err := load(t, `
plugins:
  mine: {kind: policy, path: ./mine, args: [-v], env: [HOME], limits: {memory: 256M, cpu: 0.5}, params: {a: 1, b: 2}}
streams:
  cam1: {policy: {name: mine, params: {b: 3}}}
  hall: {source: "srt://:9900"}
  tape: {source: clip.mp4, ingest: {name: rtsp, params: {x: 1}}}
`)
	if err != nil {
		t.Fatal(err)
	}
	p := c.For("cam1").Policy
	if p.Path != "./mine" || p.Limits.Memory != 256_000_000 || p.Limits.CPU != 0.5 || p.Params["a"] != "1" || p.Params["b"] != "3" || p.Isolation != config.Process {
		t.Errorf("the policy of cam1 is %+v", p)
	}
	if got := []string{c.For("cam1").Ingest.Name, c.For("hall").Ingest.Name, c.For("tape").Ingest.Name}; !slices.Equal(got, []string{"mediamtx", "srt", "rtsp"}) {
		t.Errorf("the ingests are %v", got)
	}
	if got := c.Sources(); !slices.Equal(got, []string{"hall", "tape"}) {
		t.Errorf("the sources are %v", got)
	}
}
