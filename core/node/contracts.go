package node

import (
	"context"
	"errors"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// Rendezvous introduces this node to the others of one stream; one instance a stream. What it does not hear it
// does without: links and playback go on while a rendezvous is away. Methods but Run may be called at any time from any
// goroutine, never block, and do nothing after Run returned.
type Rendezvous interface {
	// Run joins the stream and stays joined until ctx ends (then nil), with back-off while the server is away. It is
	// called once. Errors that trying again will not mend: ErrUnknownStream (only when the server says that it is not,
	// and will not be, published there), ErrRefused.
	Run(ctx context.Context, self Self, sink RendezvousSink) error
	// Introduce asks for candidates, at most count.
	Introduce(count int)
	// Describe publishes the signed descriptor of a new epoch, at the source.
	Describe(signed []byte)
	// Signal carries data to peer, unreliably.
	Signal(peer swarm.PeerID, data []byte)
	// Reachable replaces the addresses at which this node can be dialed.
	Reachable(addresses []swarm.Address)
	// Report tells the server how this peer is doing; only the last one counts.
	Report(Statistics)
	// Accuse tells the server that peer has sent this node a forged chunk.
	Accuse(peer swarm.PeerID)
}

// Self is what a node says of itself when it joins.
type Self struct {
	Peer   swarm.PeerID
	Role   swarm.Role
	Stream chunk.StreamID
	Name   string // of the stream
}

// RendezvousSink takes what a rendezvous brings, from one goroutine at a time.
type RendezvousSink interface {
	Candidates([]swarm.Candidate)
	Descriptor(signed []byte)
	Signal(from swarm.PeerID, data []byte)
	// Punch asks to open the NAT towards addresses, after delay.
	Punch(addresses []swarm.Address, delay time.Duration)
	// Suspect tells of a peer that others have accused.
	Suspect(peer swarm.PeerID)
	// Connection tells that the server answers (nil) or is away.
	Connection(err error)
}

// Statistics are what a peer reports upstream, a few hundred bytes every second or two.
type Statistics struct {
	Peer       swarm.PeerID   `json:"-"`
	Role       swarm.Role     `json:"role"`
	Neighbours int            `json:"neighbours"`
	Feeds      []swarm.PeerID `json:"-"`        // who pushes to this peer
	DelayMS    float64        `json:"delay_ms"` // p50 of the last interval, chunk born -> verified
	DelayP99MS float64        `json:"delay_p99_ms"`
	PlayoutMS  float64        `json:"playout_ms"` // playout delay aimed at
	BufferMS   float64        `json:"buffer_ms"`
	DownBps    float64        `json:"down_bps"` // wire bits per second
	UpBps      float64        `json:"up_bps"`
	CapBps     float64        `json:"cap_bps"`     // 0 for none
	FromSource float64        `json:"from_source"` // share of useful bytes, 0..1
	Continuity float64        `json:"continuity"`
	Playing    bool           `json:"playing"`
	Linked     uint64         `json:"dials_linked"`     // dials that ended with a link
	Failed     uint64         `json:"dials_failed"`     // and without
	Policy     string         `json:"policy,omitempty"` // that decides, as its source calls it
}

// PolicyHandle is a running policy. Step may block, up to the host's deadline, when the policy is a process.
type PolicyHandle interface {
	scheduler.Policy
	// Done is closed when the policy is dead: Step answers nothing useful from then on.
	Done() <-chan struct{}
	// Close ends it.
	Close()
}

// PolicySource starts a policy, with whatever back-off its host keeps. It is called again after a death.
type PolicySource struct {
	Name  string
	Start func(ctx context.Context) (PolicyHandle, error)
	// Inline is set instead of Start for a policy linked in: it is called on the node's own loop.
	Inline func() (scheduler.Policy, error)
}

var (
	// ErrConfig means that the node's configuration is wrong; the text names the field.
	ErrConfig = errors.New("bad node configuration")
	// ErrTransport means that a transport does not start.
	ErrTransport = errors.New("transport does not start")
	// ErrClosed means that the node has ended.
	ErrClosed = errors.New("node closed")
	// ErrUnknownStream means that nobody publishes the stream.
	ErrUnknownStream = errors.New("unknown stream")
	// ErrRefused means that the rendezvous does not let this peer in.
	ErrRefused = errors.New("refused by the rendezvous")
)
