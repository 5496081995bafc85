package substream_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/plugins/schedulers/substream"
)

func TestNewNamesTheParameterThatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name, value string
		says        []string
	}{
		{"copys", "3", []string{`"copys"`, "copies", "neighbours"}},
		{"copies", "many", []string{"copies", `"many"`, "1 to 16"}},
		{"copies", "0", []string{"copies", `"0"`, "1 to 16"}},
		{"trial", "NaN", []string{"trial", `"NaN"`, "0 to 16"}},
		{"announce", "250", []string{"announce", `"250"`, "50ms", "2s"}},
		{"repair", "1.5", []string{"repair", `"1.5"`, "0 to 1"}},
	} {
		_, err := substream.New(map[string]string{c.name: c.value})
		if !errors.Is(err, scheduler.ErrParameter) {
			t.Errorf("%s=%s: error %v, want ErrParameter", c.name, c.value, err)
			continue
		}
		for _, s := range c.says {
			if !strings.Contains(err.Error(), s) {
				t.Errorf("%s=%s: error %q does not say %q", c.name, c.value, err, s)
			}
		}
	}
}

func TestNewTakesEveryParameter(t *testing.T) {
	_, err := substream.New(map[string]string{
		"copies": "4", "rescue": "0", "neighbours": "20", "coverage": "3", "fanout": "4", "feeders": "1", "lazy": "2",
		"announce": "100ms", "trial": "0.5", "headroom": "0.8", "rewire": "2s", "lateness": "50ms", "grace": "0s",
		"deviations": "6", "slack": "5ms", "repair": "0.05",
	})
	if err != nil {
		t.Error(err)
	}
}
