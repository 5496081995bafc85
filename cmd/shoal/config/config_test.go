package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/config"
)

var known = config.Known{
	Transports: []string{"quic"}, Policies: []string{"substream", "rarest"}, Ingests: []string{"mediamtx", "rtsp", "srt"},
	Egresses:        []string{"hls", "pipe"},
	Authentications: []string{"merkle", "sign-all"},
}

func load(t *testing.T, text string, environ ...string) (config.Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shoal.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(path, environ, known)
}

func TestFileOverridesDefaultsAndEnvironmentOverridesFile(t *testing.T) {
	c, err := load(t, `
uplink: 5M
mediamtx:
  api: http://127.0.0.1:19997
policy: substream
stream: {group: 100ms}
streams:
  cam/1: {weight: 3, access: public, share: no}
`, "SHOAL_MEDIAMTX_API=http://127.0.0.1:29997", "SHOAL_STREAM_WEIGHT=2", "PATH=/bin", "SHOAL_PLUGIN_MAGIC=x")
	if err != nil {
		t.Fatal(err)
	}
	if c.Uplink.Bytes() != 625_000 {
		t.Errorf("uplink is %d bytes/s, want 625000", c.Uplink.Bytes())
	}
	if c.MediaMTX.API != "http://127.0.0.1:29997" {
		t.Errorf("api is %q: the environment did not win", c.MediaMTX.API)
	}
	cam, other := c.For("cam/1"), c.For("other")
	if cam.Weight != 3 || cam.Access != "public" || cam.Share == nil || *cam.Share || cam.Group != 100*time.Millisecond {
		t.Errorf("cam/1 is %+v", cam)
	}
	if other.Weight != 2 || other.Share != nil {
		t.Errorf("other is %+v", other)
	}
}

func TestParityIsAShareThatAStreamMayDoWithout(t *testing.T) {
	if got := (&config.Config{}).For("cam1").Parity.Int(); got != 0 {
		t.Errorf("nothing said is %d %%", got)
	}
	for text, want := range map[string][2]int{ // of cam1, of the others
		"{}":                     {config.Default().Stream.Parity.Int(), config.Default().Stream.Parity.Int()},
		"{stream: {parity: 8%}}": {8, 8},
		"{stream: {parity: 100%}, streams: {cam1: {parity: 0}}}":    {0, 100},
		"{stream: {parity: 0%}, streams: {cam1: {parity: 12%}}}":    {12, 0},
		"{stream: {parity: 5%}, streams: {cam1: {parity: '0%'}}}":   {0, 5},
		"{stream: {parity: 05%}, streams: {cam1: {weight: 3}}}":     {5, 5},
		"{streams: {cam1: {parity: 7%}}, stream: {chunkSize: 300}}": {7, config.Default().Stream.Parity.Int()},
	} {
		c, err := load(t, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]int{c.For("cam1").Parity.Int(), c.For("other").Parity.Int()}; got != want {
			t.Errorf("%s: parity is %v, want %v", text, got, want)
		}
	}
	if c, err := load(t, "{}", "SHOAL_STREAM_PARITY=9%"); err != nil || c.For("cam1").Parity.Int() != 9 {
		t.Errorf("of the environment: %v", err)
	}
	base := config.Default()
	c := base
	if err := overlay(t, `{"stream": {"parity": "8%"}}`).Apply("test", &c); err != nil {
		t.Fatal(err)
	}
	if got := keysOf(config.Diff(&base, &c)); !slices.Equal(got, []string{"stream.parity: " + string(base.Stream.Parity) + " -> 8%"}) {
		t.Errorf("of the control API: %q", got)
	}
}

func TestErrorNamesFileLineKeyAndRemedy(t *testing.T) {
	for name, c := range map[string]struct {
		text, environ string
		want          []string
	}{
		"an unknown key":                 {text: "\nuplink: 1M\npolcy: x\n", want: []string{"shoal.yml:3", `unknown key "polcy"`, "policy", "uplink"}},
		"an unknown nested key":          {text: "mediamtx:\n  apy: x\n", want: []string{"shoal.yml:2", "mediamtx", `unknown key "apy"`, "api"}},
		"a wrong type":                   {text: "mediamtx: [1]\n", want: []string{"shoal.yml:1", "mediamtx", "mapping"}},
		"text where a number is due":     {text: "stream:\n  weight: heavy\n", want: []string{"shoal.yml:2", "stream.weight", `"heavy"`, "whole number"}},
		"a bad duration":                 {text: "mediamtx:\n  poll: 5 parsecs\n", want: []string{"shoal.yml:2", "mediamtx.poll", "5 parsecs", "50ms"}},
		"a bad rate":                     {text: "uplink: fast\n", want: []string{"shoal.yml:1", "uplink", "fast", "5M"}},
		"an unknown policy":              {text: "policy: clubz\n", want: []string{"policy.name", "clubz", "substream"}},
		"an unknown policy of a stream":  {text: "streams:\n  cam1:\n    policy: clubz\n", want: []string{"streams.cam1.policy", "clubz", "substream"}},
		"a mapping where text is due":    {text: "dataDir: {a: b}\n", want: []string{"shoal.yml:1", "dataDir", "mapping"}},
		"the same key twice":             {text: "uplink: 1M\nuplink: 2M\n", want: []string{"shoal.yml", "uplink"}},
		"broken YAML":                    {text: "uplink: [1\n", want: []string{"shoal.yml"}},
		"half a certificate":             {text: "rendezvous: {certFile: a.pem}\n", want: []string{"rendezvous.certFile", "keyFile"}},
		"a variable that names no key":   {environ: "SHOAL_UPLNK=1M", want: []string{"SHOAL_UPLNK"}},
		"a variable with a bad value":    {environ: "SHOAL_UPLINK=x", want: []string{"SHOAL_UPLINK", "rate"}},
		"a plugin of no kind":            {text: "plugins: {mine: {kind: codec, path: ./x}}\n", want: []string{"plugins.mine.kind", "codec", "policy"}},
		"a plugin without a path":        {text: "plugins: {mine: {kind: policy}}\n", want: []string{"plugins.mine.path", "executable"}},
		"a plugin called as a built-in":  {text: "plugins: {rarest: {kind: policy, path: ./x}}\n", want: []string{"plugins.rarest", "built-in policy"}},
		"two plugins of one name":        {text: "policy: {path: a/mine}\nstreams: {cam1: {policy: {path: b/mine}}}\n", want: []string{"streams.cam1.policy", "mine", "a/mine", "b/mine"}},
		"a plugin beside its built-in":   {text: "streams: {cam1: {policy: {name: substream, path: ./x}}}\n", want: []string{"streams.cam1.policy", "built-in", "./x"}},
		"a limit too low":                {text: "policy: {limits: {memory: 1k}}\n", want: []string{"policy.limits.memory", "1000", "34M"}},
		"a size that is none":            {text: "policy: {limits: {memory: much}}\n", want: []string{"shoal.yml:1", "policy.limits.memory", "much", "256M"}},
		"a share beyond all":             {text: "stream: {abTest: {policy: rarest, share: 2}}\n", want: []string{"stream.abTest.share", "2", "0..1"}},
		"a test of what viewers lack":    {text: "stream: {abTest: {policy: {path: ./x}, share: 0.5}}\n", want: []string{"stream.abTest.policy", "viewers", "rarest"}},
		"an unknown egress":              {text: "egress: {mine: {listen: ':1'}}\n", want: []string{"egress.mine.name", "no egress", "mine", "hls"}},
		"an unknown egress of a stream":  {text: "streams: {cam1: {egress: {screen: {name: hlz}}}}\n", want: []string{"streams.cam1.egress.screen", "hlz", "hls"}},
		"a policy for an egress":         {text: "plugins: {mine: {kind: policy, path: ./x}}\negress: {mine: {}}\n", want: []string{"egress.mine.name", "no egress"}},
		"two egresses of one name":       {text: "egress: {a: {name: mine, path: a/mine}, b: {name: mine, path: b/mine}}\n", want: []string{"egress.b", "mine", "a/mine", "b/mine"}},
		"an egress called as a built-in": {text: "plugins: {hls: {kind: egress, path: ./x}}\n", want: []string{"plugins.hls", "built-in egress"}},
		"an isolation that is none":      {text: "egress: {hls: {isolation: jail}}\n", want: []string{"egress.hls.isolation", "jail", "inline"}},
		"standard output of a server":    {text: "egress: {pipe: {listen: '-'}}\n", want: []string{"egress.pipe.listen", "shoal watch --pipe"}},
		"a source for all streams":       {text: "stream: {source: x.mp4}\n", want: []string{"stream.source", "streams.NAME.source"}},
		"arguments of a built-in":        {text: "policy: {args: [-v]}\n", want: []string{"policy.args", "params"}},
		"parity without a unit":          {text: "stream:\n  parity: 8\n", want: []string{"shoal.yml:2", "stream.parity", `"8"`, "8%"}},
		"more parity than all":           {text: "stream: {parity: 101%}\n", want: []string{"stream.parity", "101%", "100%"}},
		"a fraction of parity":           {environ: "SHOAL_STREAM_PARITY=7.7%", want: []string{"SHOAL_STREAM_PARITY", "7.7%", "whole percent"}},
		"a chunk too large":              {text: "stream: {chunkSize: 5000}\n", want: []string{"stream.chunkSize", "920"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(t, c.text, c.environ)
			if !errors.Is(err, config.ErrConfig) {
				t.Fatalf("error is %v, want ErrConfig", err)
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q does not say %q", err, w)
				}
			}
		})
	}
}

func TestExampleFileNamesEveryKeyAndLoadsAsTheDefaults(t *testing.T) {
	b, err := os.ReadFile("../shoal.example.yml")
	if err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	if err := config.Parse("shoal.example.yml", b, &c); err != nil {
		t.Fatal(err)
	}
	if want := config.Default(); !reflect.DeepEqual(c, want) {
		t.Errorf("the example gives %+v, the defaults are %+v", c, want)
	}
	var keys func(reflect.Type)
	keys = func(ty reflect.Type) {
		for i := range ty.NumField() {
			f := ty.Field(i)
			if !strings.Contains(string(b), f.Tag.Get("yaml")+":") {
				t.Errorf("the example does not show %s", f.Tag.Get("yaml"))
			}
			if f.Type.Kind() == reflect.Struct {
				keys(f.Type)
			}
		}
	}
	keys(reflect.TypeFor[config.Config]())
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("uplink: 5M\nstreams: {a: {weight: 2}}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := config.Default()
		if err := config.Parse("shoal.yml", b, &c); err != nil && !errors.Is(err, config.ErrConfig) {
			t.Fatalf("error %v is no ErrConfig", err)
		}
	})
}
