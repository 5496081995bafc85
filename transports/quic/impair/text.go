package impair

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Parse reads a Config as String writes it: keys with values behind commas, in any order,
//
//	latency=40ms,sigma=0.5,min=5ms,jitter=2ms,loss=1%,uplink=4M,queue=200ms,seed=7
//
// where uplink is in bits per second, with an optional k, M or G. "" is the zero Config.
// Errors: ErrConfig, naming the key; what is read is validated.
func Parse(text string) (Config, error) {
	var c Config
	if text == "" {
		return c, nil
	}
	seen := make(map[string]bool)
	for pair := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if !ok || seen[key] {
			return Config{}, fmt.Errorf("%w: %q: want KEY=VALUE, each key once, with commas between", ErrConfig, pair)
		}
		seen[key] = true
		if err := c.set(key, value); err != nil {
			return Config{}, err
		}
	}
	if err := c.Validate(); err != nil {
		return Config{}, err
	}
	return c, nil
}

func (c *Config) set(key, value string) error {
	var (
		err    error
		wanted string
	)
	switch key {
	case "latency":
		c.Median, err = time.ParseDuration(value)
		wanted = "a duration (write 40ms)"
	case "min":
		c.Min, err = time.ParseDuration(value)
		wanted = "a duration (write 5ms)"
	case "jitter":
		c.Jitter, err = time.ParseDuration(value)
		wanted = "a duration (write 2ms)"
	case "queue":
		c.Queue, err = time.ParseDuration(value)
		wanted = "a duration (write 200ms)"
	case "sigma":
		c.Sigma, err = strconv.ParseFloat(value, 64)
		wanted = "a number (write 0.5)"
	case "loss":
		c.Loss, err = parseShare(value)
		wanted = "a share (write 1%, or 0 for none)"
	case "uplink":
		c.Uplink, err = parseRate(value)
		wanted = "a rate in bits per second (write 4M, 800k or 0 for none)"
	case "seed":
		c.Seed, err = strconv.ParseUint(value, 10, 64)
		wanted = "a whole number of 0 or more"
	default:
		return fmt.Errorf("%w: no key %q (have: latency, sigma, min, jitter, loss, uplink, queue, seed)", ErrConfig, key)
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %q is not %s", ErrConfig, key, value, wanted)
	}
	return nil
}

// parseShare reads percent, or a bare 0.
func parseShare(text string) (float64, error) {
	number, percent := strings.CutSuffix(text, "%")
	v, err := strconv.ParseFloat(number, 64)
	if err == nil && !percent && v != 0 {
		err = strconv.ErrSyntax
	}
	return v / 100, err
}

// parseRate reads bits per second and answers bytes per second.
func parseRate(text string) (uint64, error) {
	number, unit := text, 1.0
	for suffix, by := range map[string]float64{"k": 1e3, "M": 1e6, "G": 1e9} { // order-free: at most one fits
		if n, ok := strings.CutSuffix(text, suffix); ok {
			number, unit = n, by
		}
	}
	v, err := strconv.ParseFloat(number, 64)
	switch {
	case err != nil || !(v >= 0 && v*unit <= 1e15):
		return 0, strconv.ErrSyntax
	case v == 0:
		return 0, nil
	}
	return max(uint64(v*unit/8), 1), nil // too little is out of the limits, and not without one
}

// String is the text that Parse reads, without what is 0.
func (c Config) String() string {
	var parts []string
	add := func(key, value string) { parts = append(parts, key+"="+value) }
	for _, d := range []struct {
		key   string
		value time.Duration
	}{{"latency", c.Median}, {"min", c.Min}, {"jitter", c.Jitter}, {"queue", c.Queue}} {
		if d.value != 0 {
			add(d.key, d.value.String())
		}
	}
	if c.Sigma != 0 {
		add("sigma", strconv.FormatFloat(c.Sigma, 'g', -1, 64))
	}
	if c.Loss != 0 {
		add("loss", strconv.FormatFloat(100*c.Loss, 'g', 10, 64)+"%")
	}
	if c.Uplink != 0 {
		add("uplink", strconv.FormatUint(8*c.Uplink, 10))
	}
	if c.Seed != 0 {
		add("seed", strconv.FormatUint(c.Seed, 10))
	}
	return strings.Join(parts, ",")
}
