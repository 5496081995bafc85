package mpegts

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/ingest"
)

// Keys are the parameters that New knows.
func Keys() []string { return []string{"timeout", "unsupportedTracks"} }

// Unsupported says what to do with a track that cannot be carried.
type Unsupported uint8

// The answers.
const (
	Refuse Unsupported = 0 // the whole source fails
	Drop   Unsupported = 1 // the other tracks are carried
)

// Stream says how a transport stream is read, wherever it comes from.
type Stream struct {
	Name        string        // of the source, for errors and logs: no secret is in it
	Span        time.Duration // as in ingest.Config
	Timeout     time.Duration // without a byte, after which the source counts as gone; 1s to 5m
	Unsupported Unsupported
	Log         *slog.Logger // not nil
}

// NewStream reads what c says of the stream: its span, and the parameters of Keys. Name is the caller's. Errors wrap
// [ingest.ErrConfig] and name the parameter.
func NewStream(c ingest.Config) (Stream, error) {
	s := Stream{Span: c.Span, Timeout: 10 * time.Second, Log: c.Log}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	if c.Span != 0 && (c.Span < 10*time.Millisecond || c.Span > time.Second) {
		return Stream{}, fmt.Errorf("%w: span: %v is not in 10ms..1s", ingest.ErrConfig, c.Span)
	}
	if v, ok := c.Params["timeout"]; ok {
		d, err := time.ParseDuration(v)
		if err != nil || d < time.Second || d > 5*time.Minute {
			return Stream{}, fmt.Errorf("%w: timeout: %q is no duration in 1s..5m", ingest.ErrConfig, v)
		}
		s.Timeout = d
	}
	switch v, ok := c.Params["unsupportedTracks"]; {
	case !ok || v == "refuse":
	case v == "drop":
		s.Unsupported = Drop
	default:
		return Stream{}, fmt.Errorf("%w: unsupportedTracks: %q (have: refuse, drop)", ingest.ErrConfig, v)
	}
	return s, nil
}

// config is an ingest.Config, read.
type config struct {
	stream Stream
	open   func(config) (feed, error)
	path   string     // of a socket or pipe
	listen string     // host:port of UDP
	device string     // the interface on which a group is joined; "" lets the system choose
	sender netip.Addr // the only one that is heard; the zero value for any
	group  bool       // listen is a multicast group
}

// parse reads c. Its errors wrap ingest.ErrConfig and name the parameter.
func parse(c ingest.Config) (config, error) {
	for key := range c.Params { // order-free: of several unknown keys any one will do
		if !slices.Contains(Keys(), key) {
			return config{}, fmt.Errorf("mpegts: %w: no parameter %q (have: %s)", ingest.ErrConfig, key, strings.Join(Keys(), ", "))
		}
	}
	stream, err := NewStream(c)
	if err != nil {
		return config{}, fmt.Errorf("mpegts: %w", err)
	}
	out := config{stream: stream}
	if err := out.setSource(c.Source); err != nil {
		return config{}, fmt.Errorf("mpegts: %w: source: %w", ingest.ErrConfig, err)
	}
	out.stream.Name = "mpegts: " + c.Source
	return out, nil
}

func (out *config) setSource(source string) error {
	if source == "-" {
		out.open, out.path = openPipe, stdin
		return nil
	}
	u, err := url.Parse(source)
	if err != nil {
		return fmt.Errorf("%q is no URL", source)
	}
	switch u.Scheme {
	case "udp":
		out.open = openUDP
		return out.setUDP(u)
	case "unix":
		out.open = openUnix
	case "pipe":
		out.open = openPipe
	default:
		return fmt.Errorf("%q is none of udp://host:port, unix:///path, pipe:///path and - (play a file into one of them: "+
			"ffmpeg -re -i FILE -c copy -f mpegts udp://127.0.0.1:5000)", source)
	}
	if u.Host != "" || u.Path == "" || u.RawQuery != "" {
		return fmt.Errorf("%q has no absolute path, as in %s:///run/feed", source, u.Scheme)
	}
	out.path = u.Path
	return nil
}

func (out *config) setUDP(u *url.URL) error {
	host := u.Hostname()
	if host == "" {
		host = "127.0.0.1"
	}
	if port, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || port == 0 {
		return fmt.Errorf("%q has no port, as in udp://127.0.0.1:5000", u)
	}
	out.listen = net.JoinHostPort(host, u.Port())
	ip, err := netip.ParseAddr(host)
	out.group = err == nil && ip.IsMulticast()
	for key, values := range u.Query() { // order-free: each key is read alone; of several errors any one will do
		switch key {
		case "interface":
			if out.device = values[0]; !out.group {
				return fmt.Errorf("interface is for multicast, and %s is no multicast group", host)
			}
		case "source":
			if out.sender, err = netip.ParseAddr(values[0]); err != nil {
				return fmt.Errorf("source=%s is no IP address", values[0])
			}
		default:
			return fmt.Errorf("%q: no key %q (have: interface, source)", u, key)
		}
	}
	return nil
}
