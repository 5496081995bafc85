package trial

import (
	"time"

	"github.com/shoal-live/shoal/cmd/shoal/config"
	"github.com/shoal-live/shoal/cmd/shoal/trial/baseline"
	"github.com/shoal-live/shoal/cmd/shoal/trial/frames"
	"github.com/shoal-live/shoal/core/report"
	"github.com/shoal-live/shoal/core/sim"
	"github.com/shoal-live/shoal/core/swarm"
)

// The calls of the conductor to its crew, and what the crew answers, as gob takes them.

// ServeCall starts the source.
type ServeCall struct {
	Config  config.Config
	Patient time.Duration // how long the stream may take to be live
}

// ServeAnswer is where viewers join.
type ServeAnswer struct{ URL string }

// JoinCall lets a viewer or a helper join.
type JoinCall struct {
	Viewer    int // its number; helpers have other ones than viewers
	Role      swarm.Role
	URL       string
	Uplink    config.Rate // cap that the viewer knows of
	Transport config.Plugin
	Policy    config.Plugin
	Isolation config.Isolation
	Vice      sim.Vice
	Record    time.Duration // for which frames that it plays out are kept; 0 for none
	Restarts  bool          // the source is going to be killed: Measured.Played is wanted
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

// KillPluginCall kills the process of a plugin.
type KillPluginCall struct{ Pick uint64 }

// KillPluginAnswer says of which kind it was; "" when none ran.
type KillPluginAnswer struct{ Kind string }

// Nothing is an answer or a question without content, which gob has no empty struct for.
type Nothing int

// SampleCall asks for a Sample.
type SampleCall struct{ Poison bool } // there are poisoners

// Sample is what all viewers of a crew have measured so far, together.
type Sample struct {
	Playing       int
	Due, Complete uint64 // groups
	Delay         report.Histogram
	MostLinks     int // link ends of one viewer
	Poisoners     []swarm.PeerID
	Neighbours    map[swarm.PeerID]int // of honest viewers, how many have that one; once there are poisoners
}

// Measured is what one viewer or helper has measured.
type Measured struct {
	Viewer int
	Peer   report.Peer
	Played []Played // with JoinCall.Restarts
	Failed string   // why it ended by itself; "" when it did not
}

// Source is what the source has measured.
type Source struct {
	Peer      report.Peer
	Ingest    report.Histogram
	Published uint64 // bytes of payload
	Sent      uint64 // wire bytes
	Most1s    uint64 // wire bytes
}

// Recorded is what one viewer has played out.
type Recorded struct {
	Viewer    int
	Recording frames.Recording
}

// BaselineCall lets readers read MediaMTX itself; see baseline.Options.
type BaselineCall struct {
	Way     baseline.Way
	URL     string
	Readers int
	Join    time.Duration
	For     time.Duration
	Server  baseline.Server
}

// BaselineAnswer is what they have measured.
type BaselineAnswer struct {
	Way    baseline.Way
	Result baseline.Result // without Err
	Failed string          // what Err said; "" when nobody was lost
}
