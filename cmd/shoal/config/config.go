package config

import (
	"fmt"
	"time"
)

// Rate is bits per second. In the file: a number with an optional k, M or G: "5M", "800k", 0 for none.
type Rate uint64

// Bytes is the rate in bytes per second.
func (r Rate) Bytes() uint64 { return uint64(r) / 8 }

// String is the rate as the file takes it.
func (r Rate) String() string {
	switch {
	case r >= 1e6:
		return fmt.Sprintf("%.4gM", float64(r)/1e6)
	case r >= 1e3:
		return fmt.Sprintf("%.4gk", float64(r)/1e3)
	}
	return fmt.Sprintf("%d", uint64(r))
}

// Isolation says where a plugin runs.
type Isolation string

// The isolations.
const (
	Process Isolation = "process" // in a process of its own
	Inline  Isolation = "inline"  // linked in
)

// Config is shoal.yml. Default holds the defaults.
type Config struct {
	LogLevel   string            `yaml:"logLevel"`
	LogFormat  string            `yaml:"logFormat"`
	DataDir    string            `yaml:"dataDir"`
	MediaMTX   MediaMTX          `yaml:"mediamtx"`
	Rendezvous Rendezvous        `yaml:"rendezvous"`
	Bus        Bus               `yaml:"bus"`
	Control    Control           `yaml:"control"`
	Uplink     Rate              `yaml:"uplink"`
	Transport  Plugin            `yaml:"transport"`
	Policy     Plugin            `yaml:"policy"`
	Ingest     Plugin            `yaml:"ingest"`
	Egress     EgressDefaults    `yaml:"egress"`
	Stream     Stream            `yaml:"stream"`
	Streams    map[string]Stream `yaml:"streams"`
}

// MediaMTX says where the media server is.
type MediaMTX struct {
	API  string        `yaml:"api"`
	RTSP string        `yaml:"rtsp"`
	User string        `yaml:"user"`
	Pass string        `yaml:"pass"`
	Poll time.Duration `yaml:"poll"`
}

// Rendezvous says where viewers join.
type Rendezvous struct {
	Remote         string   `yaml:"remote"`
	Listen         string   `yaml:"listen"`
	STUN           []string `yaml:"stun"`
	PublicURL      string   `yaml:"publicURL"`
	CertFile       string   `yaml:"certFile"`
	KeyFile        string   `yaml:"keyFile"`
	TrustedProxies []string `yaml:"trustedProxies"`
	Publishers     []string `yaml:"publishers"`
	List           bool     `yaml:"list"`
}

// Bus says which NATS coordinates the operator's own processes.
type Bus struct {
	URL    string `yaml:"url"`
	Listen string `yaml:"listen"`
}

// Control says where the control API and the metrics listen.
type Control struct {
	Listen string `yaml:"listen"`
}

// Plugin names an implementation and says how it runs.
type Plugin struct {
	Name      string            `yaml:"name"`
	Path      string            `yaml:"path"`
	SHA256    string            `yaml:"sha256"`
	Isolation Isolation         `yaml:"isolation"`
	Listen    string            `yaml:"listen"`
	Params    map[string]string `yaml:"params"`
}

// EgressDefaults say how the egress plugins of this node run.
type EgressDefaults struct {
	Isolation Isolation `yaml:"isolation"`
}

// Stream says how one stream is shared; the key stream holds what holds for all.
type Stream struct {
	Share          *bool         `yaml:"share"`
	Access         string        `yaml:"access"`
	Weight         int           `yaml:"weight"`
	Policy         *Plugin       `yaml:"policy"`
	Group          time.Duration `yaml:"group"`
	Substreams     int           `yaml:"substreams"`
	ChunkSize      int           `yaml:"chunkSize"`
	Authentication string        `yaml:"authentication"`
}

// Default is the configuration without a file.
func Default() Config {
	return Config{
		LogLevel:   "info",
		LogFormat:  "text",
		DataDir:    "shoal-data",
		MediaMTX:   MediaMTX{API: "http://127.0.0.1:9997", Poll: time.Second},
		Rendezvous: Rendezvous{Listen: ":9870", STUN: []string{":9870", ":9871"}, List: true},
		Bus:        Bus{Listen: "127.0.0.1:9874"},
		Control:    Control{Listen: "127.0.0.1:9873"},
		Transport:  Plugin{Name: "quic", Isolation: Process, Listen: ":9872"},
		Policy:     Plugin{Name: "substream", Isolation: Process},
		Ingest:     Plugin{Name: "mediamtx", Isolation: Process},
		Egress:     EgressDefaults{Isolation: Process},
		Stream:     Stream{Weight: 1, Group: 50 * time.Millisecond, Substreams: 16, ChunkSize: 900, Authentication: "merkle"},
	}
}

// For is the configuration of one stream: the file's streams entry over its stream key.
func (c *Config) For(name string) Stream {
	s := c.Stream
	o, ok := c.Streams[name]
	if !ok {
		return s
	}
	if o.Share != nil {
		s.Share = o.Share
	}
	if o.Policy != nil {
		s.Policy = o.Policy
	}
	override(&s.Access, o.Access)
	override(&s.Weight, o.Weight)
	override(&s.Group, o.Group)
	override(&s.Substreams, o.Substreams)
	override(&s.ChunkSize, o.ChunkSize)
	override(&s.Authentication, o.Authentication)
	return s
}

func override[T comparable](to *T, by T) {
	var zero T
	if by != zero {
		*to = by
	}
}
