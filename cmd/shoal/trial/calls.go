package trial

import (
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/core/sim"
)

// The calls of the conductor to its crew, and what the crew answers, as gob takes them.

// ServeCall starts the source.
type ServeCall struct {
	Config  config.Config
	Patient time.Duration // how long the stream may take to be live
}

// ServeAnswer is where viewers join.
type ServeAnswer struct{ URL string }

// JoinCall lets a viewer join.
type JoinCall struct {
	Viewer    int
	URL       string
	Uplink    config.Rate // cap that the viewer knows of
	Transport config.Plugin
	Policy    config.Plugin
	Isolation config.Isolation
	Vice      sim.Vice
}

// EndCall ends viewers.
type EndCall struct {
	Viewers []int
	How     End
}

// End is how a viewer ends.
type End uint8

// The ends.
const (
	Leaves End = 0 // it says goodbye
	Dies   End = 1 // nothing leaves it any more
)

// ViceCall gives viewers a vice.
type ViceCall struct {
	Viewers []int
	Vice    sim.Vice
}

// ImpairCall changes the network of viewers.
type ImpairCall struct {
	Viewers []int
	Impair  []string // for each, as params.impair of quic has it
}

// Nothing is an answer or a question without content, which gob has no empty struct for.
type Nothing int

// Sample is what all viewers of a crew have measured so far, together.
type Sample struct {
	Playing       int
	Due, Complete uint64 // groups
	Delay         report.Histogram
	MostLinks     int // link ends of one viewer
}

// Measured is what one viewer has measured.
type Measured struct {
	Viewer int
	Peer   report.Peer
	Failed string // why it ended by itself; "" when it did not
}

// Source is what the source has measured.
type Source struct {
	Peer      report.Peer
	Ingest    report.Histogram
	Published uint64 // bytes of payload
	Sent      uint64 // wire bytes
	Most1s    uint64 // wire bytes
}
