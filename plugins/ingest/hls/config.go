package hls

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
)

// Keys are the parameters that New knows.
func Keys() []string {
	return []string{"fingerprint", "pass", "timeout", "unsupportedTracks", "user", "variant"}
}

// unsupported says what to do with a track that cannot be carried.
type unsupported uint8

const (
	refuse unsupported = iota
	drop
)

// config is an ingest.Config, read.
type config struct {
	url         *url.URL // without credentials
	user, pass  string
	span        time.Duration
	timeout     time.Duration
	unsupported unsupported
	bandwidth   int // bits per second, the most that a variant may have; of those the highest is taken, else the lowest of all
	fingerprint []byte
	log         *slog.Logger
}

// parse reads c. Its errors wrap ingest.ErrConfig and name the parameter, never what stands in it, where that may be a
// secret.
func parse(c ingest.Config) (config, error) {
	out := config{span: c.Span, timeout: 10 * time.Second, bandwidth: math.MaxInt, log: c.Log}
	if out.log == nil {
		out.log = slog.New(slog.DiscardHandler)
	}
	if c.Span != 0 && (c.Span < 10*time.Millisecond || c.Span > time.Second) {
		return config{}, fmt.Errorf("hls: %w: span: %v is not in 10ms..1s", ingest.ErrConfig, c.Span)
	}
	if err := out.setURL(c); err != nil {
		return config{}, err
	}
	for key, value := range c.Params { // order-free: each key is read alone; of several errors any one will do
		if !slices.Contains(Keys(), key) {
			return config{}, fmt.Errorf("hls: %w: no parameter %q (have: %s)", ingest.ErrConfig, key, strings.Join(Keys(), ", "))
		}
		if err := out.set(key, value); err != nil {
			return config{}, err
		}
	}
	return out, nil
}

func (out *config) setURL(c ingest.Config) error {
	u, err := url.Parse(c.Source)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" { // the error repeats the URL, password and all
		return fmt.Errorf("hls: %w: source is no http or https URL, as https://host/path/index.m3u8", ingest.ErrConfig)
	}
	if user := c.Params["user"]; user != "" {
		out.user, out.pass = user, c.Params["pass"]
	} else if c.Params["pass"] != "" {
		return fmt.Errorf("hls: %w: pass without user", ingest.ErrConfig)
	} else if u.User != nil {
		out.user = u.User.Username()
		out.pass, _ = u.User.Password() // an empty one is one
	}
	u.User = nil
	out.url = u
	return nil
}

func (out *config) set(key, value string) error {
	switch key {
	case "timeout":
		d, err := time.ParseDuration(value)
		if err != nil || d < time.Second || d > 5*time.Minute {
			return fmt.Errorf("hls: %w: timeout: %q is no duration in 1s..5m", ingest.ErrConfig, value)
		}
		out.timeout = d
	case "unsupportedTracks":
		switch value {
		case "refuse":
			out.unsupported = refuse
		case "drop":
			out.unsupported = drop
		default:
			return fmt.Errorf("hls: %w: unsupportedTracks: %q (have: refuse, drop)", ingest.ErrConfig, value)
		}
	case "variant":
		switch value {
		case "highest":
		case "lowest":
			out.bandwidth = 0
		default:
			n, err := strconv.Atoi(value)
			if err != nil || n <= 0 {
				return fmt.Errorf("hls: %w: variant: %q (have: highest, lowest, or bits per second, as 3000000)", ingest.ErrConfig, value)
			}
			out.bandwidth = n
		}
	case "fingerprint":
		b, err := hex.DecodeString(strings.ReplaceAll(value, ":", ""))
		if err != nil || len(b) != 32 {
			return fmt.Errorf("hls: %w: fingerprint: not 64 hexadecimal digits", ingest.ErrConfig)
		}
		out.fingerprint = b
	}
	return nil
}

// name is the source as it may stand in errors and logs: a query may hold a token.
func (out *config) name() string { return shown(out.url) }

func shown(u *url.URL) string {
	c := *u
	if c.RawQuery != "" {
		c.RawQuery = "..."
	}
	return c.String()
}
