package feed

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/egress"
)

// KnownParams refuses parameters that are not among names. Errors: egress.ErrConfig.
func KnownParams(cfg *egress.Config, names ...string) error {
	for _, name := range slices.Sorted(maps.Keys(cfg.Params)) {
		if !slices.Contains(names, name) {
			have := " none"
			if len(names) > 0 {
				have = ": " + strings.Join(names, ", ")
			}
			return fmt.Errorf("%w: no parameter %q (have%s)", egress.ErrConfig, name, have)
		}
	}
	return nil
}

// Limits of a duration.
type Limits struct {
	Default, Least, Most time.Duration
}

// DurationParam reads a Go duration. Errors: egress.ErrConfig.
func DurationParam(cfg *egress.Config, name string, l Limits) (time.Duration, error) {
	text := cfg.Params[name]
	if text == "" {
		return l.Default, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < l.Least || d > l.Most {
		return 0, fmt.Errorf("%w: %s: %q is no duration between %v and %v", egress.ErrConfig, name, text, l.Least, l.Most)
	}
	return d, nil
}

// ChoiceParam reads one of several words, the first of which is the default. Errors: egress.ErrConfig.
func ChoiceParam(cfg *egress.Config, name string, choices ...string) (string, error) {
	text := cfg.Params[name]
	if text == "" {
		return choices[0], nil
	}
	if !slices.Contains(choices, text) {
		return "", fmt.Errorf("%w: %s: %q is none of %s", egress.ErrConfig, name, text, strings.Join(choices, ", "))
	}
	return text, nil
}

// StreamName is the stream's name, which must not be empty. Errors: egress.ErrConfig.
func StreamName(cfg *egress.Config) (string, error) {
	name := strings.Trim(cfg.Stream, "/")
	if name == "" {
		return "", fmt.Errorf("%w: stream has no name", egress.ErrConfig)
	}
	return name, nil
}
