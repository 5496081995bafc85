package scenario_test

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/scenario"
)

func parse(text string) (*scenario.Scenario, error) {
	return scenario.Parse("s.yml", []byte(text), scenario.Known{
		Policies: []string{"substream", "clubs"},
		Open: func(name string) ([]byte, error) {
			if name != "groups.csv" {
				return nil, os.ErrNotExist
			}
			return []byte("# made by hand\ntime,bytes\n0,9000\n0.1,1000\n\n# so far\n0.2,2000\n"), nil
		},
	})
}

func TestTheScenarioOfTheIssueIsRead(t *testing.T) {
	s, err := parse(`
seed: 1
duration: 30s
stream: {bitrate: 2500k, chunkSize: 1000, group: 100ms, gop: 1s, keyFrame: 1x}
source: {uplink: 12M, copies: 4}
helpers: {count: 0, uplink: 50M}
viewers: {count: 1000, resourceIndex: 1.4, uplinks: [{share: 0.15, rate: 0}, {share: 0.35, rate: 0.7x}, {share: 0.35, rate: 1.5x}, {share: 0.15, rate: 4x}]}
network: {latency: {median: 40ms, sigma: 0.5, min: 5ms}, jitter: 2ms, loss: 0.01}
join: {over: 5s}
faults: [{at: 15s, kill: 20%}, {at: 20s, freeRiders: 30%}, {at: 20s, poison: 2%}, {at: 25s, slow: {share: 5%, rate: 0.2x}}]
policy: [substream, {path: ./mine}]
`)
	if err != nil {
		t.Fatal(err)
	}
	want := scenario.Default()
	want.Stream.ChunkSize = 1000
	want.Source.Copies, want.Viewers.Count, want.Viewers.ResourceIndex = 4, 1000, 1.4
	want.Faults = []scenario.Fault{
		{At: 15 * time.Second, Kill: 0.2}, {At: 20 * time.Second, FreeRiders: 0.3}, {At: 20 * time.Second, Poison: 0.02},
		{At: 25 * time.Second, Slow: scenario.Slow{Share: 0.05, Rate: 0.2}},
	}
	want.Policy = scenario.Policies{{Name: "substream"}, {Path: "./mine"}}
	if !reflect.DeepEqual(*s, want) {
		t.Errorf("read %+v, want %+v", *s, want)
	}
}

func TestErrorNamesFileLineKeyAndRemedy(t *testing.T) {
	for name, c := range map[string]struct { // order-free: each case stands alone
		text string
		want []string
	}{
		"an unknown key":                {"\nviewer: 3\n", []string{"s.yml:2", `"viewer"`, "viewers"}},
		"a rate that is none":           {"source: {uplink: fast}", []string{"s.yml:1: source.uplink", "fast", "5M", "0.7x"}},
		"a multiple that is none":       {"viewers:\n  uplinks:\n  - {share: 1, rate: yx}", []string{"s.yml:3: viewers.uplinks[0].rate", "yx", "0.7x"}},
		"a share above all":             {"network: {loss: 120%}", []string{"s.yml:1: network.loss", "120%", "20%"}},
		"a share where a mapping is":    {"faults: [{slow: 5%}]", []string{"s.yml:1: faults[0].slow", "share, rate"}},
		"too much loss":                 {"\nnetwork:\n  loss: 60%", []string{"s.yml:3: network.loss", "0..0.5"}},
		"shares that miss the whole":    {"viewers:\n  uplinks: [{share: 50%, rate: 1x}]", []string{"s.yml:2: viewers.uplinks", "50%", "100%"}},
		"a join beyond the end":         {"duration: 10s\njoin:\n  - {count: 50}\n  - {at: 8s, over: 2s}", []string{"s.yml:4: join[1]", "duration", "10s"}},
		"the default join beyond":       {"duration: 3s", []string{"s.yml: join", "5s", "duration"}},
		"too few that join":             {"join: [{count: 10}, {count: 20}]", []string{"s.yml:1: join", "30 viewers", "100"}},
		"two entries for the rest":      {"join: [{at: 1s}, {at: 2s}]", []string{"s.yml:1: join", "2 entries"}},
		"a fault after the end":         {"faults:\n- {at: 40s, kill: 1%}", []string{"s.yml:2: faults[0].at", "40s", "30s"}},
		"a fault that says nothing":     {"faults: [{at: 4s}]", []string{"s.yml:1: faults[0]", "kill"}},
		"slow by nothing":               {"faults: [{slow: {share: 5%}}]", []string{"s.yml:1: faults[0].slow", "0.2x"}},
		"a source down for an hour":     {"duration: 2h\nfaults:\n- {at: 4s, sourceDown: 1h}", []string{"s.yml:3: faults[0].sourceDown", "100ms..1m"}},
		"a source that stays away":      {"faults: [{at: 29s, sourceDown: 1s}]", []string{"s.yml:1: faults[0].sourceDown", "29s", "30s"}},
		"a fault that repeats at once":  {"faults:\n- {at: 4s, every: 10ms, kill: 1%}", []string{"s.yml:2: faults[0].every", "10ms", "1s"}},
		"a source killed while down":    {"faults:\n- {at: 4s, every: 2s, sourceDown: 3s}", []string{"s.yml:2: faults[0].sourceDown", "at 6s", "7s"}},
		"too many plugins":              {"faults:\n- {at: 4s, plugins: 101}", []string{"s.yml:2: faults[0].plugins", "101"}},
		"a source killed twice":         {"faults:\n- {at: 4s, sourceDown: 2s}\n- {at: 6s, sourceDown: 2s}", []string{"s.yml:3: faults[1].sourceDown", "down already", "6s"}},
		"an unknown policy":             {"policy:\n  - substream\n  - clubz", []string{"s.yml:3: policy[1]", "clubz", "substream, clubs", "./mine"}},
		"no policy":                     {"policy: []", []string{"s.yml:1: policy", "substream, clubs"}},
		"a policy of no name":           {"policy: {params: {a: b}}", []string{"s.yml:1: policy", "path"}},
		"an index that is reached":      {"viewers: {count: 2, resourceIndex: 1.4}", []string{"s.yml:1: viewers.resourceIndex", "1.4", "alone give", "leave it out"}},
		"an index of an unlimited rate": {"source: {uplink: 0}\nviewers: {resourceIndex: 1.4}", []string{"s.yml:2: viewers.resourceIndex", "source.uplink"}},
		"an index of no uplinks":        {"viewers: {resourceIndex: 1.4, uplinks: [{share: 1}]}", []string{"viewers.resourceIndex", "viewers.uplinks"}},
		"a helper without an uplink":    {"helpers: {uplink: 0}", []string{"s.yml:1: helpers.uplink", "50M"}},
		"a source that is too slow":     {"source: {uplink: 0.001x}", []string{"s.yml:1: source.uplink", "0.001x", "64k"}},
		"a group beyond all":            {"stream: {bitrate: 1G, group: 10s, gop: 10s}", []string{"s.yml:1: stream.bitrate", "shorter groups"}},
		"a GOP below the group":         {"stream: {gop: 50ms}", []string{"s.yml:1: stream.gop", "100ms"}},
		"a trace that is not there":     {"stream: {trace: x.csv}", []string{"s.yml:1: stream.trace", "not exist", "bytes of one group"}},
		"a weight beyond all":           {"streams:\n- {weight: 2000}", []string{"s.yml:2: streams[0].weight", "1000"}},
		"a second stream of nothing":    {"streams: [{}, {bitrate: 1k}]", []string{"s.yml:1: streams[1].bitrate", "8k"}},
		"a second stream beyond all":    {"stream: {group: 10s, gop: 10s}\nstreams: [{}, {bitrate: 1G}]", []string{"s.yml:2: streams[1].bitrate", "shorter groups"}},
		"nobody":                        {"viewers: {count: 0}", []string{"s.yml:1: viewers.count", "1..1000000"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parse(c.text)
			if !errors.Is(err, scenario.ErrScenario) {
				t.Fatalf("error is %v, want ErrScenario", err)
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
	const path = "../scenario.example.yml"
	s, err := scenario.Load(path, []string{"substream"})
	if err != nil {
		t.Fatal(err)
	}
	if want := scenario.Default(); !reflect.DeepEqual(*s, want) {
		t.Errorf("the example gives %+v, the defaults are %+v", *s, want)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var keys func(reflect.Type)
	keys = func(ty reflect.Type) {
		for ty.Kind() == reflect.Slice {
			ty = ty.Elem()
		}
		if ty.Kind() != reflect.Struct {
			return
		}
		for i := range ty.NumField() {
			f := ty.Field(i)
			key := f.Tag.Get("yaml")
			if key != "" && !strings.Contains(string(b), key+":") {
				t.Errorf("the example does not show %s", key)
			}
			if key != "" {
				keys(f.Type)
			}
		}
	}
	keys(reflect.TypeFor[scenario.Scenario]())
}
