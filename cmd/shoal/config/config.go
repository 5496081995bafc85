package config

import "time"

// Isolation says where a plugin runs.
type Isolation string

// The isolations.
const (
	Process Isolation = "process" // in a process of its own
	Inline  Isolation = "inline"  // linked in
)

// Config is shoal.yml. Default holds the defaults. A field tagged restart counts from the next start only; any other takes
// effect while everything plays. One tagged file is set in the file and the environment alone, and one tagged secret is
// never shown.
type Config struct {
	LogLevel   string               `yaml:"logLevel"`
	LogFormat  string               `yaml:"logFormat" restart:"yes"`
	DataDir    string               `yaml:"dataDir" restart:"yes"`
	MediaMTX   MediaMTX             `yaml:"mediamtx"`
	Rendezvous Rendezvous           `yaml:"rendezvous" restart:"yes"`
	Bus        Bus                  `yaml:"bus" restart:"yes"`
	Control    Control              `yaml:"control" restart:"yes"`
	Uplink     Rate                 `yaml:"uplink"`
	Plugins    map[string]Installed `yaml:"plugins" file:"yes"`
	Transport  Plugin               `yaml:"transport"`
	Policy     Plugin               `yaml:"policy"`
	Ingest     Plugin               `yaml:"ingest"`
	Egress     Outputs              `yaml:"egress"`
	Stream     Stream               `yaml:"stream"`
	Streams    map[string]Stream    `yaml:"streams"`
}

// MediaMTX says where the media server is.
type MediaMTX struct {
	API  string        `yaml:"api"`
	RTSP string        `yaml:"rtsp"`
	User string        `yaml:"user"`
	Pass string        `yaml:"pass" secret:"yes"`
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

// Stream says how one stream is shared; the key stream holds what holds for all.
type Stream struct {
	Source         string        `yaml:"source"`
	Share          *bool         `yaml:"share"`
	Access         string        `yaml:"access"`
	Weight         int           `yaml:"weight"`
	Ingest         *Plugin       `yaml:"ingest"`
	Policy         *Plugin       `yaml:"policy"`
	Egress         Outputs       `yaml:"egress"`
	ABTest         *ABTest       `yaml:"abTest"`
	Group          time.Duration `yaml:"group"`
	Substreams     int           `yaml:"substreams"`
	ChunkSize      int           `yaml:"chunkSize"`
	Authentication string        `yaml:"authentication"`
	Parity         Percent       `yaml:"parity"`
}

// ABTest gives a share of a stream's viewers another policy.
type ABTest struct {
	Policy Plugin  `yaml:"policy"`
	Share  float64 `yaml:"share"`
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
		Stream: Stream{
			Weight: 1, Group: 50 * time.Millisecond, Substreams: 16, ChunkSize: 900, Authentication: "merkle", Parity: "6%",
		},
	}
}
