package config

import (
	"encoding/hex"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/shoal-live/shoal/core/budget"
)

// Known lists what a plugin's name may be, by kind. cmd fills it from the catalogue of built-ins.
type Known struct {
	Transports, Policies, Ingests, Egresses []string
	Authentications                         []string
	viewers                                 []string // policies that every viewer has
}

// Validate checks what a type cannot say. Errors: ErrConfig, naming key, value and choices.
func (c *Config) Validate(k Known) error {
	k = c.with(k)
	checks := []error{
		c.plugins(k),
		oneOf("logLevel", c.LogLevel, []string{"debug", "info", "warn", "error"}),
		oneOf("logFormat", c.LogFormat, []string{"text", "json"}),
		c.choices(k),
		httpURL("mediamtx.api", c.MediaMTX.API),
		httpURL("rendezvous.remote", c.Rendezvous.Remote),
		httpURL("rendezvous.publicURL", c.Rendezvous.PublicURL),
		listen("rendezvous.listen", c.Rendezvous.Listen),
		listen("control.listen", c.Control.Listen),
		listen("bus.listen", c.Bus.Listen),
		c.Uplink.check("uplink"),
		within("mediamtx.poll", c.MediaMTX.Poll, 100*time.Millisecond, time.Minute),
		stream("stream", &c.Stream, k),
	}
	if c.Stream.Source != "" {
		checks = append(checks, bad("stream.source", "a source belongs to one stream: set streams.NAME.source"))
	}
	if (c.Rendezvous.CertFile == "") != (c.Rendezvous.KeyFile == "") {
		checks = append(checks, bad("rendezvous.certFile", "certFile and keyFile go together: set both, or neither behind a proxy"))
	}
	if c.DataDir == "" {
		checks = append(checks, bad("dataDir", "is empty: keys and the bus need a folder"))
	}
	for i, p := range c.Rendezvous.Publishers {
		if b, err := hex.DecodeString(p); err != nil || len(b) != 32 {
			checks = append(checks, bad(fmt.Sprintf("rendezvous.publishers[%d]", i), "%q is no publisher key (64 hexadecimal digits; `shoal key show` prints it)", p))
		}
	}
	names := make([]string, 0, len(c.Streams))
	for name := range c.Streams {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		s := c.Stream.under(c.Streams[name])
		checks = append(checks, stream("streams."+name, &s, k))
	}
	checks = append(checks, c.oneOfAName())
	for _, err := range checks {
		if err != nil {
			return err
		}
	}
	return nil
}

var isolations = []string{string(Process), string(Inline)}

func bad(key, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s", ErrConfig, key, fmt.Sprintf(format, args...))
}

func oneOf(key, value string, choices []string) error {
	if !slices.Contains(choices, value) {
		return bad(key, "no %q (have: %s)", value, strings.Join(choices, ", "))
	}
	return nil
}

func stream(key string, s *Stream, k Known) error {
	if err := abTest(key+".abTest", s.ABTest, k); err != nil {
		return err
	}
	switch {
	case s.Access != "" && s.Access != "public":
		return bad(key+".access", "no %q (have: public; leave it out to follow MediaMTX)", s.Access)
	case s.Weight < 1 || s.Weight > 1000:
		return bad(key+".weight", "%d is not in 1..1000", s.Weight)
	case s.Substreams < 1 || s.Substreams > 64:
		return bad(key+".substreams", "%d is not in 1..64", s.Substreams)
	case s.ChunkSize < 200 || s.ChunkSize > 920:
		return bad(key+".chunkSize", "%d is not in 200..920 bytes, which fit one datagram", s.ChunkSize)
	}
	if err := within(key+".group", s.Group, 10*time.Millisecond, time.Second); err != nil {
		return err
	}
	return oneOf(key+".authentication", s.Authentication, k.Authentications)
}

// check refuses a cap that the budget would.
func (r Rate) check(key string) error {
	if r != 0 && (r.Bytes() < budget.MinCap || r.Bytes() > budget.MaxCap) {
		return bad(key, "%s is not in 64k..32G bits per second, and 0 is for no cap", r)
	}
	return nil
}

func within(key string, v, least, most time.Duration) error {
	if v < least || v > most {
		return bad(key, "%v is not in %v..%v", v, least, most)
	}
	return nil
}

func httpURL(key, value string) error {
	if value == "" {
		return nil
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return bad(key, "%q is no http or https URL", value)
	}
	return nil
}

func listen(key, value string) error {
	if value == "" {
		return nil
	}
	if _, _, err := net.SplitHostPort(value); err != nil {
		return bad(key, "%q is no address to listen on (write :9870 or 127.0.0.1:9870)", value)
	}
	return nil
}
