package scenario

import (
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/config"
)

// Scenario is one file. Default holds the defaults.
type Scenario struct {
	Seed     uint64        `yaml:"seed"`     // of everything random; default 1
	Duration time.Duration `yaml:"duration"` // of the run; default 30s, limits 1s..24h
	Stream   Stream        `yaml:"stream"`
	Streams  []Part        `yaml:"streams"` // of the form of stream, each peer in all of them over one uplink; default one, at most 16
	Source   Source        `yaml:"source"`
	Helpers  Helpers       `yaml:"helpers"`
	Viewers  Viewers       `yaml:"viewers"`
	Network  Network       `yaml:"network"`
	Join     Joins         `yaml:"join"`
	Faults   []Fault       `yaml:"faults"` // default none
	Policy   Policies      `yaml:"policy"`

	sizes []int // bytes of each group, of the trace
}

// Stream is what the source publishes.
type Stream struct {
	Bitrate   config.Rate   `yaml:"bitrate"`   // of payload; default 2500k, limits 8k..1G
	ChunkSize int           `yaml:"chunkSize"` // bytes of payload of a chunk at most; default 900, what one datagram holds; limits 100..16384
	Group     time.Duration `yaml:"group"`     // media time of a group; default 100ms, limits 1ms..10s
	GOP       time.Duration `yaml:"gop"`       // between random-access groups; default 1s, limits group..1m
	KeyFrame  Times         `yaml:"keyFrame"`  // size of a random-access group, in sizes of the others; default 1x, limits 0.01x..1000x
	Parity    Share         `yaml:"parity"`    // spare chunks, as a share of the others over many groups, in whole percent; default 6%, limits 0%..100%
	Trace     string        `yaml:"trace"`     // file with the bytes of each group, instead of bitrate and keyFrame; default none
}

// Part is one of several streams.
type Part struct {
	Weight  int         `yaml:"weight"`  // of the stream at every uplink; default 1, limits 1..1000
	Bitrate config.Rate `yaml:"bitrate"` // of payload; default that of stream, limits 8k..1G
}

// Source is who publishes.
type Source struct {
	Uplink Rate `yaml:"uplink"` // cap that is kept over any second; default 12M, 0 for no limit, else at least 64k
	Copies int  `yaml:"copies"` // of each chunk that leave the source unasked; default 3, limits 1..16
}

// Helpers only relay, from the beginning.
type Helpers struct {
	Count  int  `yaml:"count"`  // default 0, limits 0..10000
	Uplink Rate `yaml:"uplink"` // of each, which it knows; default 50M, at least 64k
}

// Viewers are those who watch.
type Viewers struct {
	Count         int       `yaml:"count"`         // default 100, limits 1..1000000
	ResourceIndex float64   `yaml:"resourceIndex"` // to which the rates of uplinks are scaled; default 0, which scales nothing; limits 0..100
	Uplinks       []Uplinks `yaml:"uplinks"`       // default 15% 0, 35% 0.7x, 35% 1.5x, 15% 4x
}

// Uplinks are those of a share of the viewers, who have to measure them.
type Uplinks struct {
	Share Share `yaml:"share"` // all shares together are 100%
	Rate  Rate  `yaml:"rate"`  // 0 for what control and acknowledgements take
}

// Network is what lies between the peers.
type Network struct {
	Latency Latency       `yaml:"latency"`
	Jitter  time.Duration `yaml:"jitter"` // greatest extra delay of a frame, uniform; default 2ms, limits 0s..10s
	Loss    Share         `yaml:"loss"`   // of frames; default 1%, limits 0..50%
}

// Latency is the delay from one peer to another, log-normal over pairs.
type Latency struct {
	Median time.Duration `yaml:"median"` // default 40ms, limits 1ms..10s
	Sigma  float64       `yaml:"sigma"`  // of its logarithm; default 0.5, limits 0..3
	Min    time.Duration `yaml:"min"`    // default 5ms, limits 0s..10s
}

// Join is when some of the viewers join.
type Join struct {
	At    time.Duration `yaml:"at"`    // the first; default 0s
	Count int           `yaml:"count"` // 0 in one entry for all that are left
	Over  time.Duration `yaml:"over"`  // the others evenly in the time after it; default 0s, and 5s without the key join
}

// Fault is what goes wrong at a time; one entry may say several.
type Fault struct {
	At         time.Duration `yaml:"at"`         // default 0s
	Every      time.Duration `yaml:"every"`      // again and again until the end; default 0s, which is once; limits 1s..duration
	Kill       Share         `yaml:"kill"`       // of the viewers then present: they are gone without a word
	Leave      Share         `yaml:"leave"`      // of the viewers then present: they say goodbye
	FreeRiders Share         `yaml:"freeRiders"` // of all viewers: they send no chunk from then on
	Poison     Share         `yaml:"poison"`     // of all viewers: they forge every chunk that they send from then on
	Churn      Share         `yaml:"churn"`      // of the viewers then present go, every other time without a word, and as many others join until the next time, or within 10s
	Slow       Slow          `yaml:"slow"`
	SourceDown time.Duration `yaml:"sourceDown"` // the source's process is killed, and starts again so long after; limits 100ms..1m, 0 for not
	Plugins    int           `yaml:"plugins"`    // processes of plugins that are killed, whosoever; limits 0..100. shoal trial alone has any
}

// Slow makes uplinks slow, or fast.
type Slow struct {
	Share Share `yaml:"share"` // of the viewers then present
	Rate  Times `yaml:"rate"`  // of what each had before; above 0x, and above 1x it brings capacity back
}

// Policy is who schedules: a built-in or an executable.
type Policy struct {
	Name   string            `yaml:"name"`
	Path   string            `yaml:"path"`   // of an executable, from the folder of the scenario unless it is absolute
	Params map[string]string `yaml:"params"` // its own
}

// Default is the scenario of an empty file.
func Default() Scenario {
	return Scenario{
		Seed:     1,
		Duration: 30 * time.Second,
		Stream:   Stream{Bitrate: 2_500_000, ChunkSize: 900, Group: 100 * time.Millisecond, GOP: time.Second, KeyFrame: 1, Parity: 0.06},
		Source:   Source{Uplink: Rate{Bits: 12_000_000}, Copies: 3},
		Helpers:  Helpers{Uplink: Rate{Bits: 50_000_000}},
		Viewers: Viewers{Count: 100, Uplinks: []Uplinks{
			{Share: 0.15}, {Share: 0.35, Rate: Rate{Times: 0.7}}, {Share: 0.35, Rate: Rate{Times: 1.5}}, {Share: 0.15, Rate: Rate{Times: 4}},
		}},
		Network: Network{
			Latency: Latency{Median: 40 * time.Millisecond, Sigma: 0.5, Min: 5 * time.Millisecond}, Jitter: 2 * time.Millisecond, Loss: 0.01,
		},
		Join:   Joins{{Over: 5 * time.Second}},
		Policy: Policies{{Name: "substream"}},
	}
}
