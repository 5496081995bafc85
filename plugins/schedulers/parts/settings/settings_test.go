package settings_test

import (
	"errors"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/plugins/schedulers/parts/settings"
)

func TestReadPutsValuesIn(t *testing.T) {
	whole, number, span := 1, 1.0, time.Second
	table := []settings.Setting{settings.Whole("w", &whole, 1, 4), settings.Number("n", &number, 0, 2), settings.Span("s", &span, 0, time.Minute)}
	if err := settings.Read("mine", map[string]string{"w": "4", "n": "0.5", "s": "2s"}, table); err != nil {
		t.Fatal(err)
	}
	if whole != 4 || number != 0.5 || span != 2*time.Second {
		t.Errorf("got %d, %v, %v", whole, number, span)
	}
	for name, value := range map[string]string{"w": "5", "n": "NaN", "s": "2"} {
		if err := settings.Read("mine", map[string]string{name: value}, table); !errors.Is(err, scheduler.ErrParameter) {
			t.Errorf("%s=%s: error %v, want ErrParameter", name, value, err)
		}
	}
	if whole != 4 || number != 0.5 || span != 2*time.Second {
		t.Errorf("a value out of its limits was put in: %d, %v, %v", whole, number, span)
	}
}
