package config

import (
	"net/url"
	"slices"
	"strings"
)

// For is the configuration of one stream: the file's streams entry over its stream key, its plugins resolved.
func (c *Config) For(name string) Stream {
	s := c.Stream
	if o, ok := c.Streams[name]; ok {
		s = s.under(o)
	}
	policy, in := c.Policy, c.Ingest
	if s.Policy != nil {
		policy = *s.Policy
	}
	switch {
	case s.Ingest != nil:
		in = *s.Ingest
	case s.Source != "":
		in = Plugin{Name: ingestOf(s.Source), Isolation: c.Ingest.Isolation}
	}
	policy, in = c.Resolve("policy", isolated(policy)), c.Resolve("ingest", isolated(in))
	s.Policy, s.Ingest = &policy, &in
	if s.Egress == nil {
		s.Egress = c.Egress
	}
	s.Egress = c.outputs(s.Egress)
	return s
}

// under is s with what o says over it.
func (s Stream) under(o Stream) Stream {
	override(&s.Source, o.Source)
	override(&s.Share, o.Share)
	override(&s.Access, o.Access)
	override(&s.Weight, o.Weight)
	override(&s.Ingest, o.Ingest)
	override(&s.Policy, o.Policy)
	if o.Egress != nil {
		s.Egress = o.Egress // those instead, as with any other key
	}
	override(&s.ABTest, o.ABTest)
	override(&s.Group, o.Group)
	override(&s.Substreams, o.Substreams)
	override(&s.ChunkSize, o.ChunkSize)
	override(&s.Authentication, o.Authentication)
	override(&s.Parity, o.Parity)
	return s
}

func override[T comparable](to *T, by T) {
	var zero T
	if by != zero {
		*to = by
	}
}

func isolated(p Plugin) Plugin {
	if p.Isolation == "" {
		p.Isolation = Process
	}
	return p
}

// Sources are the streams whose source the config names, sorted: no media server lists them.
func (c *Config) Sources() []string {
	var names []string
	for name, s := range c.Streams {
		if s.Source != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// ingestOf is the built-in ingest that reads a source, by the look of its URL.
func ingestOf(source string) string {
	u, err := url.Parse(source)
	if err != nil {
		return "file"
	}
	switch u.Scheme {
	case "rtsp", "rtsps":
		return "rtsp"
	case "srt":
		return "srt"
	case "udp", "unix", "pipe":
		return "mpegts"
	case "http", "https":
		return "hls"
	}
	if source == "-" || strings.HasSuffix(u.Path, ".ts") {
		return "mpegts"
	}
	return "file"
}
