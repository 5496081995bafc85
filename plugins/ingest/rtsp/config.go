package rtsp

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/bluenviron/gortsplib/v5/pkg/base"

	"github.com/shoal-live/shoal/core/ingest"
)

// Keys are the parameters that New knows.
func Keys() []string {
	return []string{"align", "fingerprint", "pass", "timeout", "unsupportedTracks", "user"}
}

// unsupported says what to do with a track that cannot be carried.
type unsupported uint8

const (
	refuse unsupported = iota
	drop
)

// align says what tracks are aligned by.
type align uint8

const (
	byReport align = iota
	byArrival
)

// config is an ingest.Config, read.
type config struct {
	url         *base.URL // with credentials
	span        time.Duration
	bitrate     uint64 // bits per second; 0 when unknown
	timeout     time.Duration
	unsupported unsupported
	align       align
	fingerprint []byte
	log         *slog.Logger
}

// parse reads c. Its errors wrap ingest.ErrConfig and name the parameter, never what stands in it, where that may be a
// secret.
func parse(c ingest.Config) (config, error) {
	out := config{span: c.Span, timeout: 10 * time.Second, log: c.Log}
	if out.log == nil {
		out.log = slog.New(slog.DiscardHandler)
	}
	if c.Span != 0 && (c.Span < 10*time.Millisecond || c.Span > time.Second) {
		return config{}, fmt.Errorf("rtsp: %w: span: %v is not in 10ms..1s", ingest.ErrConfig, c.Span)
	}
	if err := out.setURL(c); err != nil {
		return config{}, err
	}
	for key, value := range c.Params { // order-free: each key is read alone; of several errors any one will do
		if !slices.Contains(Keys(), key) {
			return config{}, fmt.Errorf("rtsp: %w: no parameter %q (have: %s)", ingest.ErrConfig, key, strings.Join(Keys(), ", "))
		}
		if err := out.set(key, value); err != nil {
			return config{}, err
		}
	}
	return out, nil
}

func (out *config) setURL(c ingest.Config) error {
	u, err := base.ParseURL(c.Source)
	if err != nil || u.Host == "" { // the error repeats the URL, password and all
		return fmt.Errorf("rtsp: %w: source is no rtsp or rtsps URL, as rtsp://host:port/path", ingest.ErrConfig)
	}
	if user := c.Params["user"]; user != "" {
		u.User = url.UserPassword(user, c.Params["pass"])
	} else if c.Params["pass"] != "" {
		return fmt.Errorf("rtsp: %w: pass without user", ingest.ErrConfig)
	}
	out.url = u
	return nil
}

func (out *config) set(key, value string) error {
	switch key {
	case "timeout":
		d, err := time.ParseDuration(value)
		if err != nil || d < time.Second || d > 5*time.Minute {
			return fmt.Errorf("rtsp: %w: timeout: %q is no duration in 1s..5m", ingest.ErrConfig, value)
		}
		out.timeout = d
	case "unsupportedTracks":
		switch value {
		case "refuse":
			out.unsupported = refuse
		case "drop":
			out.unsupported = drop
		default:
			return fmt.Errorf("rtsp: %w: unsupportedTracks: %q (have: refuse, drop)", ingest.ErrConfig, value)
		}
	case "align":
		switch value {
		case "report":
			out.align = byReport
		case "arrival":
			out.align = byArrival
		default:
			return fmt.Errorf("rtsp: %w: align: %q (have: report, arrival)", ingest.ErrConfig, value)
		}
	case "fingerprint":
		b, err := hex.DecodeString(strings.ReplaceAll(value, ":", ""))
		if err != nil || len(b) != 32 {
			return fmt.Errorf("rtsp: %w: fingerprint: not 64 hexadecimal digits", ingest.ErrConfig)
		}
		out.fingerprint = b
	}
	return nil
}

// name is the source without credentials, for errors and logs.
func (out *config) name() string { return out.url.CloneWithoutCredentials().String() }
