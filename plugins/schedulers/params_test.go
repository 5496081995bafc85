package schedulers_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/shoal-live/shoal/core/scheduler"
)

// parameters are all that the policies beside substream have, each with a value that is not its default, and one that is none.
func parameters() map[string]map[string][2]string {
	mesh := map[string][2]string{
		"copies": {"4", "0"}, "neighbours": {"20", "65"}, "listen": {"6", "many"}, "announce": {"50ms", "50"}, "turn": {"10ms", "1ms"},
		"trial": {"0.5", "NaN"}, "headroom": {"0.8", "0"}, "deviations": {"3", "-1"}, "slack": {"5ms", "0s"}, "repair": {"0.5", "1.5"},
	}
	latest := maps.Clone(mesh)
	maps.Copy(latest, map[string][2]string{"most": {"4", "0"}, "known": {"1", "2"}, "fresh": {"500ms", "5s"}, "share": {"0.5", "0"}})
	rarest := maps.Clone(mesh)
	rarest["urgent"] = [2]string{"1s", "5s"}
	return map[string]map[string][2]string{
		"rarest": rarest, "edf": mesh, "latest": latest,
		"clubs": {
			"clubs": {"4", "1"}, "join": {"1", "0"}, "mates": {"2", "9"}, "copies": {"4", "17"}, "rescue": {"0", "NaN"}, "neighbours": {"20", "0"},
			"lazy": {"2", "33"}, "announce": {"100ms", "3s"}, "trial": {"0.5", "17"}, "headroom": {"0.8", "2"}, "grace": {"0s", "6s"},
			"deviations": {"6", "0"}, "slack": {"5ms", "2s"}, "repair": {"0.05", "-1"},
		},
	}
}

func TestPoliciesTakeTheirParametersAndNameTheOneThatIsWrong(t *testing.T) {
	for _, p := range policies() {
		for name, value := range parameters()[p.name] {
			if _, err := p.make(map[string]string{name: value[0]}); err != nil {
				t.Errorf("%s: %s=%s: %v", p.name, name, value[0], err)
			}
			_, err := p.make(map[string]string{name: value[1]})
			if !errors.Is(err, scheduler.ErrParameter) {
				t.Errorf("%s: %s=%s: error %v, want ErrParameter", p.name, name, value[1], err)
				continue
			}
			for _, s := range []string{"policy " + p.name, name + ": ", `"` + value[1] + `"`, " to "} {
				if !strings.Contains(err.Error(), s) {
					t.Errorf("%s: %s=%s: error %q does not say %q", p.name, name, value[1], err, s)
				}
			}
		}
	}
}

func TestPoliciesListWhatParametersTheyHave(t *testing.T) {
	for _, p := range policies() {
		_, err := p.make(map[string]string{"zzz": "1", "noSuch": "1"})
		if !errors.Is(err, scheduler.ErrParameter) || !strings.Contains(err.Error(), `no parameter "noSuch"`) {
			t.Errorf("%s: error %v, want one that names the least of the unknown parameters", p.name, err)
			continue
		}
		for name := range parameters()[p.name] {
			if !strings.Contains(err.Error(), name) {
				t.Errorf("%s: error %q does not list %s", p.name, err, name)
			}
		}
	}
}
