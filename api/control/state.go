package control

import (
	"time"

	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/report"
)

// State is what the API shows. Its methods may be called by several goroutines at once.
type State interface {
	// Stats measures the node now. Errors: node.ErrClosed.
	Stats() (node.Stats, error)
	// Streams adds what the node does not know of its streams.
	Streams() []Stream
	// Plugins lists those configured.
	Plugins() []Plugin
	// Info is about the process.
	Info() Info
	// Ready reports whether the transports listen.
	Ready() bool
}

// Stream is one stream as the operator knows it.
type Stream struct {
	Name     string    `json:"name"`
	URL      string    `json:"url"`    // to watch it
	State    string    `json:"state"`  // "live", "waiting", "standby", "not shared"
	Reason   string    `json:"reason"` // why it is not live
	Since    time.Time `json:"since"`
	Viewers  int       `json:"viewers"` // that the rendezvous knows of
	Codecs   []string  `json:"codecs"`
	Audience *Audience `json:"audience,omitempty"` // nil where the rendezvous is another process
	Measured *Measured `json:"measured,omitempty"` // nil while this node takes no part in it
}

// Audience is what the viewers of a stream report to the rendezvous.
type Audience struct {
	Playing    int     `json:"playing"`
	DelayP50MS float64 `json:"delayP50Ms"` // over the viewers that play
	DelayP95MS float64 `json:"delayP95Ms"`
	FromPeers  float64 `json:"fromPeers"`          // share of what they play that other viewers sent
	Continuity float64 `json:"continuity"`         // groups complete when due, mean
	Policies   []Arm   `json:"policies,omitempty"` // how the viewers of each policy fare, while one is tested
}

// Arm is one side of a test of policies.
type Arm struct {
	Policy     string  `json:"policy"` // with its parameters; "other" for viewers that use neither
	Playing    int     `json:"playing"`
	DelayP50MS float64 `json:"delayP50Ms"`
	DelayP95MS float64 `json:"delayP95Ms"`
	FromPeers  float64 `json:"fromPeers"`
	Continuity float64 `json:"continuity"`
}

// Measured is how this node does on a stream.
type Measured struct {
	Role            string  `json:"role"`
	Policy          string  `json:"policy"`
	Fallback        bool    `json:"fallback"` // the fallback decides
	Epoch           uint32  `json:"epoch"`
	Neighbours      int     `json:"neighbours"`
	DelayMS         float64 `json:"delayMs"`    // p50 of the last second
	DelayP99MS      float64 `json:"delayP99Ms"` // of the last second
	Continuity      float64 `json:"continuity"`
	ChunksUseful    uint64  `json:"chunksUseful"`
	ChunksDuplicate uint64  `json:"chunksDuplicate"`
	ChunksSent      uint64  `json:"chunksSent"`
	ChunksForged    uint64  `json:"chunksForged"`
	GroupsMissed    uint64  `json:"groupsMissed"`
}

// Peer is one neighbour.
type Peer struct {
	Stream        string  `json:"stream"`
	Peer          string  `json:"peer"`
	Role          string  `json:"role"`
	RTTMS         float64 `json:"rttMs"`
	In            int     `json:"in"`  // substreams that it pushes
	Out           int     `json:"out"` // substreams pushed to it
	ReceivedBytes uint64  `json:"receivedBytes"`
	SentBytes     uint64  `json:"sentBytes"`
}

// Plugin is one plugin.
type Plugin struct {
	Name      string `json:"name"`
	Kind      string `json:"kind"`
	Isolation string `json:"isolation"`
	State     string `json:"state"` // "running", "restarting", "idle", "inline", "broken"
	PID       int    `json:"pid"`
	Restarts  int    `json:"restarts"`
	Error     string `json:"error"` // of the last death

	// Of processes alone.
	Calls          uint64           `json:"calls"` // answered or given up: an instance opened, a policy's step, a dial, a health check
	CallP50MS      float64          `json:"callP50Ms"`
	CallP99MS      float64          `json:"callP99Ms"`
	HealthMisses   int              `json:"healthMisses"`   // health checks that were not answered
	BreakerSeconds float64          `json:"breakerSeconds"` // until a plugin that failed too often is tried again; 0 else
	Latency        report.Histogram `json:"-"`              // of the calls, in microseconds
}

// Info is about the process.
type Info struct {
	Version     string    `json:"version"`
	Started     time.Time `json:"started"`
	Node        string    `json:"node"`
	Publisher   string    `json:"publisher"`
	Addresses   []string  `json:"addresses"`
	UplinkBps   uint64    `json:"uplinkBps"`   // cap, bits per second; 0 for none
	SentBytes   uint64    `json:"sentBytes"`   // wire bytes
	Max1sBps    uint64    `json:"max1sBps"`    // greatest wire bits that left in any one second
	BusURL      string    `json:"busUrl"`      // without credentials
	BusUp       bool      `json:"busUp"`       // NATS answers
	Rendezvous  string    `json:"rendezvous"`  // URL
	MediaServer string    `json:"mediaServer"` // URL of its API
}
