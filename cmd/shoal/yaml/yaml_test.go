package yaml_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/yaml"
)

// half is a text of its own: "1/2".
type half float64

func (h *half) SetText(text string) error {
	if text != "1/2" {
		return fmt.Errorf("%q is no half (write 1/2)", text)
	}
	*h = 0.5
	return nil
}

func (h *half) Wanted() string { return "a half" }

type pond struct {
	Depth  half          `yaml:"depth"`
	Fill   time.Duration `yaml:"fill"`
	Fish   []fish        `yaml:"fish"`
	hidden int
}

type fish struct {
	Length float64 `yaml:"length"`
	Seed   uint64  `yaml:"seed"`
}

func TestWhatTheFileDoesNotSayKeepsItsValue(t *testing.T) {
	p := pond{Fill: time.Second, hidden: 3}
	if _, err := yaml.Parse("pond.yml", []byte("depth: 1/2\nfill:\nfish: [{length: 2.5}, {seed: 18446744073709551615}]\n"), &p); err != nil {
		t.Fatal(err)
	}
	if p.Depth != 0.5 || p.Fill != time.Second || p.hidden != 3 || len(p.Fish) != 2 || p.Fish[0].Length != 2.5 || p.Fish[1].Seed != 1<<64-1 {
		t.Errorf("read %+v", p)
	}
}

func TestErrorsNameLineAndKey(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{ // order-free: each case stands alone
		"a text that is none":           {"\ndepth: 2/3\n", `pond.yml:2: depth: "2/3" is no half (write 1/2)`},
		"a mapping where a text is due": {"depth: {a: b}\n", "pond.yml:1: depth: want a half, have a mapping"},
		"a field without a key":         {"hidden: 1\n", `pond.yml:1: unknown key "hidden" (have: depth, fill, fish)`},
		"an empty key":                  {`"": 1`, `pond.yml:1: unknown key "" (have: depth, fill, fish)`},
		"an entry of a list":            {"fish:\n  - length: 1\n  - {seed: -1}\n", `pond.yml:3: fish[1].seed: "-1" is no whole number`},
	} {
		t.Run(name, func(t *testing.T) {
			var p pond
			if _, err := yaml.Parse("pond.yml", []byte(c.text), &p); err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}

func TestErrorsAboutWhatWasReadNameTheLineOfTheKeyOrOfTheOneAbove(t *testing.T) {
	var p pond
	k, err := yaml.Parse("pond.yml", []byte("depth: 1/2\nfish:\n  - length: 1\n  - seed: 2\n"), &p)
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{ // order-free: each key stands alone
		"fish[0].length": "pond.yml:3: fish[0].length: is 1",
		"fish[1].length": "pond.yml:4: fish[1].length: is 1",
		"fish[2].length": "pond.yml:3: fish[2].length: is 1",
		"fill":           "pond.yml: fill: is 1",
	} {
		if got := k.Errorf(key, "is %d", 1).Error(); got != want {
			t.Errorf("error %q, want %q", got, want)
		}
	}
}
