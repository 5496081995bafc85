package mediamtx

import (
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/rtsp"
)

const (
	defaultAPI  = "http://127.0.0.1:9997"
	defaultPoll = 500 * time.Millisecond
)

// config is the part of an ingest.Config that is this package's.
type config struct {
	api        *url.URL
	rtsp       *url.URL // nil: as the API says
	user, pass string
	poll       time.Duration
	rest       ingest.Config // for package rtsp
	log        *slog.Logger
}

// Keys are the parameters that New and NewDiscoverer know.
func Keys() []string {
	keys := append([]string{"api", "rtsp", "poll"}, rtsp.Keys()...)
	slices.Sort(keys)
	return keys
}

// parse reads c. Errors wrap ingest.ErrConfig and name the parameter.
func parse(c ingest.Config) (config, error) {
	out := config{user: c.Params["user"], pass: c.Params["pass"], poll: defaultPoll, rest: c, log: c.Log}
	if out.log == nil {
		out.log = slog.New(slog.DiscardHandler)
	}
	for key := range c.Params { // order-free: of several unknown keys any one will do
		if !slices.Contains(Keys(), key) {
			return config{}, fmt.Errorf("mediamtx: %w: no parameter %q (have: %s)", ingest.ErrConfig, key, strings.Join(Keys(), ", "))
		}
	}
	out.rest.Params = maps.Clone(c.Params)
	for _, key := range []string{"api", "rtsp", "poll"} {
		delete(out.rest.Params, key)
	}
	var err error
	if out.api, err = address("api", or(c.Params["api"], defaultAPI), "http", "https"); err != nil {
		return config{}, err
	}
	if v := c.Params["rtsp"]; v != "" {
		if out.rtsp, err = address("rtsp", v, "rtsp", "rtsps"); err != nil {
			return config{}, err
		}
	}
	if v := c.Params["poll"]; v != "" {
		out.poll, err = time.ParseDuration(v)
		if err != nil || out.poll < 100*time.Millisecond || out.poll > time.Minute {
			return config{}, fmt.Errorf("mediamtx: %w: poll: %q is no duration in 100ms..1m", ingest.ErrConfig, v)
		}
	}
	return out, nil
}

// address reads scheme://host:port. What stands in it is not repeated: it may hold a password.
func address(key, value string, schemes ...string) (*url.URL, error) {
	u, err := url.Parse(value)
	if err != nil || !slices.Contains(schemes, u.Scheme) || u.Host == "" {
		return nil, fmt.Errorf("mediamtx: %w: %s: not of the form %s://host:port", ingest.ErrConfig, key, schemes[0])
	}
	if u.User != nil {
		return nil, fmt.Errorf("mediamtx: %w: %s: credentials go into user and pass", ingest.ErrConfig, key)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	return u, nil
}

func or(v, otherwise string) string {
	if v == "" {
		return otherwise
	}
	return v
}
