package scheduler

import (
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
)

// Change is one of the structs below, by value. The set is closed.
type Change interface{ change() }

// Stream describes the stream and this peer's part in it. Sent first in a snapshot, and when anything in it changes.
type Stream struct {
	Stream     chunk.StreamID
	Self       swarm.PeerID
	Role       swarm.Role
	Epoch      uint32
	Substreams int
	Rate       uint64        // bytes of the stream per second, on the wire, as measured or else as described
	ChunkWire  int           // wire bytes of one full chunk
	GroupSpan  time.Duration // media time of a group
	MaxLinks   int           // link ends to keep at most
	Seed       uint64        // for whatever the policy randomises
	Paused     bool          // for a while nothing new has come or been offered, of whatever substream: the publisher is silent, or gone
}

// Capacity tells what the uplink carries. Sent when a figure moves by more than a tenth.
type Capacity struct {
	Cap       uint64 // bytes per second, as configured; 0 for none
	Measured  uint64 // bytes per second, shown by receipts to be possible; 0 before that
	Committed uint64 // bytes per second that standing orders and subscriptions bind
	Shown     bool   // Measured is all that the uplink carries; else it may well carry more
}

// Candidates introduces peers that could be linked to. Each replaces the record of the same peer.
type Candidates struct {
	Peers []swarm.Candidate
}

// LinkUp tells of a link on which both ends have said Hello.
type LinkUp struct {
	Link     swarm.LinkID
	Peer     swarm.PeerID
	Role     swarm.Role
	Dialed   Side
	Status   swarm.Status
	RTT      time.Duration // 0 when not yet measured
	MaxLinks uint32        // that the peer keeps
}

// Side tells which end opened a link.
type Side uint8

// The sides.
const (
	Here  Side = 1 // this peer dialed
	There Side = 2 // the other did
)

// LinkDown ends a link, and with it every subscription and order on it.
type LinkDown struct {
	Link  swarm.LinkID
	Peer  swarm.PeerID
	Cause string // for people
}

// DialFailed tells that a Connect came to nothing.
type DialFailed struct {
	Peer  swarm.PeerID
	Cause string
}

// PeerStatus carries what a neighbour says of itself, when it changes.
type PeerStatus struct {
	Link   swarm.LinkID
	Status swarm.Status
}

// LinkMeasured carries what was measured on a link, about once a second and when it moves a lot.
type LinkMeasured struct {
	Link      swarm.LinkID
	RTT       time.Duration
	SentRate  uint64        // wire bytes per second, sent to it
	RecvRate  uint64        // wire bytes per second, received from it
	Loss      float64       // share of chunks sent that were lost, 0..1
	Duplicate float64       // share of chunks received from it that were held already, 0..1
	Queue     time.Duration // how long the oldest chunk has waited to leave for it
}

// SubstreamMeasured compares a neighbour with the best, for one substream: how long after the first copy or
// offer from anybody its own came, mean over about a second.
type SubstreamMeasured struct {
	Link      swarm.LinkID
	Substream int
	Lateness  time.Duration
	Samples   int
}

// Subscribed tells that a neighbour asks us for a substream. The policy answers with a Push or Announce that
// contains the link, or with Refuse. Until then nothing is sent.
type Subscribed struct {
	Link      swarm.LinkID
	Substream int
	Mode      swarm.Mode
	From      uint64
}

// Unsubscribed tells that a neighbour wants a substream no longer; the engine has taken it off the order.
type Unsubscribed struct {
	Link      swarm.LinkID
	Substream int
}

// Feeding tells the state of our own subscription: Mode as it now is, Eager with the first chunk that is pushed, and with the first
// after a Silent; None after a denial or an end. Eager and swarm.Outbid say that it will end. A snapshot has one for each eager
// feeder that pushes.
type Feeding struct {
	Link      swarm.LinkID
	Substream int
	Mode      swarm.Mode
	Reason    swarm.Reason // of a denial, or of one to come
}

// Silent tells that an eager feeder has sent nothing for longer than its share allows (0.3 s at the least). It is told
// once; Feeding tells when something comes again.
type Silent struct {
	Link      swarm.LinkID
	Substream int
	For       time.Duration
}

// Held tells which chunks are held here. Base and Words as in chunk.Window. Sent when a policy asked for it by Watch.
type Held struct {
	Base  uint64
	Words []uint64
}

// Holds tells which chunks a neighbour holds, as it last said. Sent when a policy asked for it by Watch.
type Holds struct {
	Link  swarm.LinkID
	Base  uint64
	Words []uint64
}

// Late tells of a chunk that is overdue by the engine's measure (see Repair) and not held. Sent when a policy
// asked for it by Watch.
type Late struct {
	Number   uint64
	Deadline time.Duration // when it is of no more use
}

// Order repeats a standing order in force, within a snapshot only.
type Order struct {
	Action Action // Push, Announce, Subscribe or Repair
}

// Refused tells that an action of an answer was not carried out.
type Refused struct {
	Action Action
	Reason RefusedReason
}

// RefusedReason says why an action was not carried out.
type RefusedReason uint8

// The reasons.
const (
	RefusedNoLink    RefusedReason = 1 // no such link, or not any more
	RefusedNoChunk   RefusedReason = 2 // not held, expired, or held already
	RefusedNoPeer    RefusedReason = 3 // no such candidate, or linked already, or banned
	RefusedLimit     RefusedReason = 4 // a bound would be exceeded: links, commitments, actions
	RefusedMalformed RefusedReason = 5 // a substream or mode that does not exist
	RefusedOverCap   RefusedReason = 6 // commitments would exceed the uplink
)

func (Stream) change()            {}
func (Capacity) change()          {}
func (Candidates) change()        {}
func (LinkUp) change()            {}
func (LinkDown) change()          {}
func (DialFailed) change()        {}
func (PeerStatus) change()        {}
func (LinkMeasured) change()      {}
func (SubstreamMeasured) change() {}
func (Subscribed) change()        {}
func (Unsubscribed) change()      {}
func (Feeding) change()           {}
func (Silent) change()            {}
func (Held) change()              {}
func (Holds) change()             {}
func (Late) change()              {}
func (Order) change()             {}
func (Refused) change()           {}
