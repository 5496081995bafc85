package srt

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	gosrt "github.com/datarhei/gosrt"

	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/plugins/ingest/mpegts"
)

// own are the parameters that may stand in the URL too.
func own() []string { return []string{"latency", "mode", "passphrase", "pbkeylen", "streamid"} }

// Keys are the parameters that New knows.
func Keys() []string {
	keys := append(own(), mpegts.Keys()...)
	slices.Sort(keys)
	return keys
}

// mode says who calls whom.
type mode uint8

const (
	caller mode = iota
	listener
)

// Limits of the protocol, and of what makes sense.
const (
	minLatency     = 20 * time.Millisecond
	maxLatency     = 10 * time.Second
	defaultLatency = 120 * time.Millisecond
	minPassphrase  = 10
	maxPassphrase  = 79
	maxStreamID    = 512
)

// config is an ingest.Config, read.
type config struct {
	stream     mpegts.Stream
	mode       mode
	address    string // host:port
	streamID   string
	passphrase string
	keyLength  int // bytes
	latency    time.Duration
}

// parse reads c. Its errors wrap ingest.ErrConfig and name the parameter, never what stands in it, where that may be a secret.
func parse(c ingest.Config) (config, error) {
	for key := range c.Params { // order-free: of several unknown keys any one will do
		if !slices.Contains(Keys(), key) {
			return config{}, fmt.Errorf("srt: %w: no parameter %q (have: %s)", ingest.ErrConfig, key, strings.Join(Keys(), ", "))
		}
	}
	stream, err := mpegts.NewStream(c)
	if err != nil {
		return config{}, fmt.Errorf("srt: %w", err)
	}
	out := config{stream: stream, keyLength: 16, latency: defaultLatency}
	values, err := out.setURL(c.Source)
	if err != nil {
		return config{}, fmt.Errorf("srt: %w: source: %w", ingest.ErrConfig, err)
	}
	for _, key := range own() {
		value, ok := c.Params[key]
		if !ok && values.Has(key) {
			value, ok = values.Get(key), true
		}
		if !ok {
			continue
		}
		if err := out.set(key, value); err != nil {
			return config{}, fmt.Errorf("srt: %w: %s: %w", ingest.ErrConfig, key, err)
		}
	}
	out.stream.Name = "srt: srt://" + out.address
	return out, nil
}

func (out *config) setURL(source string) (url.Values, error) {
	u, err := url.Parse(source)
	if err != nil || u.Scheme != "srt" { // the error repeats the URL, passphrase and all
		return nil, fmt.Errorf("no srt URL, as srt://host:port?mode=caller")
	}
	if u.Fragment != "" || strings.Contains(source, "#") {
		return nil, fmt.Errorf("a # ends a URL: write %%23 in its place, or give parameter streamid")
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || port == 0 || u.User != nil || strings.Trim(u.Path, "/") != "" {
		return nil, fmt.Errorf("not of the form srt://host:port?key=value")
	}
	host := u.Hostname()
	if host == "" {
		out.mode, host = listener, "127.0.0.1"
	}
	out.address = net.JoinHostPort(host, u.Port())
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("what follows the ? is not key=value&key=value")
	}
	for key := range values { // order-free: of several unknown keys any one will do
		if !slices.Contains(own(), key) {
			return nil, fmt.Errorf("no key %q in the URL (have: %s)", key, strings.Join(own(), ", "))
		}
	}
	return values, nil
}

func (out *config) set(key, value string) error {
	switch key {
	case "latency":
		d, err := time.ParseDuration(value)
		if n, plain := strconv.Atoi(value); plain == nil { // as others write it in their URLs
			d, err = time.Duration(n)*time.Millisecond, nil
		}
		if err != nil || d < minLatency || d > maxLatency {
			return fmt.Errorf("%q is no duration in %v..%v (a number alone is milliseconds)", value, minLatency, maxLatency)
		}
		out.latency = d
	case "mode":
		switch value {
		case "caller":
			out.mode = caller
		case "listener":
			out.mode = listener
		default:
			return fmt.Errorf("%q (have: caller, listener)", value)
		}
	case "passphrase":
		if len(value) < minPassphrase || len(value) > maxPassphrase {
			return fmt.Errorf("not of %d to %d bytes", minPassphrase, maxPassphrase)
		}
		out.passphrase = value
	case "pbkeylen":
		n, err := strconv.Atoi(value)
		if err != nil || n != 16 && n != 24 && n != 32 {
			return fmt.Errorf("%q (have: 16, 24, 32, in bytes)", value)
		}
		out.keyLength = n
	case "streamid":
		if len(value) > maxStreamID {
			return fmt.Errorf("more than %d bytes", maxStreamID)
		}
		out.streamID = value
	}
	return nil
}

// protocol is what both modes ask of gosrt.
func (out *config) protocol() gosrt.Config {
	c := gosrt.DefaultConfig()
	c.Latency, c.PBKeylen = out.latency, out.keyLength
	c.ConnectionTimeout, c.PeerIdleTimeout = answer, 2*out.stream.Timeout // the session gives it up before
	return c
}
