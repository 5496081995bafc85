// Package transport is the contract of what carries frames between two nodes: QUIC, WebRTC, TCP, memory.
//
// It is as narrow as the narrowest transport. A link has two channels: Control is reliable and ordered; Chunk is
// unordered and may lose frames, which the engine alone repairs. A transport proves the identity of the peer
// before it reports a link, encrypts what it carries, and never queues: at most two frames or 10 ms a link,
// for the queue that can be reordered and cancelled is the engine's.
//
// Every clause of the comments here is a case of transporttest.Suite.
package transport

import (
	"context"
	"crypto/ed25519"
	"log/slog"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// Channel tells the two channels of a link apart.
type Channel uint8

// The channels.
const (
	Control Channel = 1 // reliable, ordered, frames up to swarm.MaxControlFrame
	Chunk   Channel = 2 // unordered, may be lost, frames up to the link's MaxChunk
)

// LinkID numbers a link within one transport, from 1. It is never used again. The node maps it to a swarm.LinkID.
type LinkID uint64

// Config is what every transport is given.
type Config struct {
	Identity ed25519.PrivateKey // the node's key; every link proves it
	Listen   string             // address to bind, in the transport's own form; "" for its default
	Params   map[string]string  // the transport's own, from the config
	Log      *slog.Logger       // nil discards
}

// Capabilities say what a transport does beyond the contract.
type Capabilities struct {
	Scheme   string // "quic": the part of a swarm.Address before the colon
	MaxChunk int    // bytes of a chunk frame that every link takes; a link may report more
	Overhead int    // wire bytes that a chunk frame costs beyond its own, IP and UDP headers included
	Repairs  Repairs
	Signals  Signals
}

// Repairs says whether lost chunk frames are sent again by the transport itself.
type Repairs uint8

// The answers.
const (
	RepairsNothing Repairs = 0
	RepairsAll     Repairs = 1
)

// Signals says whether the transport needs the rendezvous to carry signals before a link comes up.
type Signals uint8

// The answers.
const (
	NeedsNoSignals Signals = 0
	NeedsSignals   Signals = 1
)

// Transport is one endpoint: one socket, many links. All methods may be called by several goroutines at once.
// None blocks on the network. After Run returned, methods do nothing and answer ErrClosed.
type Transport interface {
	// Capabilities are constant.
	Capabilities() Capabilities

	// Run binds, calls sink.Listening once, carries frames until ctx ends or the transport fails, closes every
	// link, and returns when everything that it started has ended. It is called once. Errors: ErrAddress when the address
	// cannot be bound (wrapped, with the address); ctx's end is nil.
	Run(ctx context.Context, sink Sink) error

	// Dial opens a link to peer at one of the addresses, those of other schemes passed over. The outcome comes as Up
	// or DialFailed, exactly once, within 10 s and before Run returns. Dialing a peer already linked or being dialed is allowed; it
	// may give a second link. Errors, at once: ErrAddress when no address suits, ErrClosed.
	Dial(peer swarm.PeerID, addresses []swarm.Address) error

	// SendControl queues one frame on the control channel and copies it. Errors: ErrNoLink; ErrFull when
	// more than 1 MiB waits, which is a reason to close the link; ErrTooLong beyond swarm.MaxControlFrame.
	SendControl(link LinkID, frame []byte) error

	// SendChunks hands every frame to every link of its To: a payload is given once, whatever the fan-out. It
	// never blocks. For each frame and link that is not taken because the link's queue is full, the sink
	// gets Full, during the call or soon after it, and Writable when there is room again. A frame's Data is
	// never changed by either side once it was handed over, and may be kept. A frame that has expired may be
	// dropped. Unknown links and frames longer than the link's MaxChunk are passed over.
	SendChunks(frames []Frame)

	// Signal delivers what the rendezvous brought from peer. Unknown or malformed signals are ignored.
	Signal(peer swarm.PeerID, data []byte)

	// Punch sends a few packets to each address so that NATs let the peer's dial in, starting after delay. It is a hint. An address
	// "stun:host:port" is a STUN server (RFC 8489): a transport over UDP asks it from then on how it sees this end, which comes
	// as Observed. Those given last are asked.
	Punch(addresses []swarm.Address, delay time.Duration)

	// Close ends a link; the peer sees cause, of which 200 bytes may be all that arrives. Frames that still wait may
	// be lost. Down is reported here too. Unknown links are passed over.
	Close(link LinkID, cause string)
}

// Frame is one chunk frame and where it goes.
type Frame struct {
	Data    []byte
	To      []LinkID
	Expires time.Time // of no more use after it
	Token   uint64    // comes back in Full
}

// Received is one frame that arrived.
type Received struct {
	Link    LinkID
	Channel Channel
	Data    []byte
}

// Sink takes what a transport reports. Its methods may be called by several goroutines at once and never block
// for long: the node queues, bounded, and drops chunk frames when it cannot keep up, never control frames.
// For one link the order is Up, then anything else, then Down once, and nothing after it.
type Sink interface {
	// Listening tells the bound addresses, as others on this machine or network can dial them.
	Listening(addresses []swarm.Address)
	// Received hands over frames; the sink owns their Data from then on. The slice itself stays the transport's.
	Received(frames []Received)
	// Event hands over anything else.
	Event(Event)
}

// Event is one of the structs below, by value. The set is closed.
type Event interface{ event() }

// Up tells of a link whose peer has proved its identity.
type Up struct {
	Link     LinkID
	Peer     swarm.PeerID
	Dialed   bool          // by this end
	Address  swarm.Address // the peer's, as seen
	Observed swarm.Address // this end's, as the peer sees it; "" when not known
	MaxChunk int           // bytes of a chunk frame
}

// Down tells that a link is gone.
type Down struct {
	Link  LinkID
	Cause error // wraps ErrClosed (this end closed it), ErrPeerClosed, ErrTimeout or another, with the cause that Close gave
}

// DialFailed tells that a Dial came to nothing.
type DialFailed struct {
	Peer  swarm.PeerID
	Cause error
}

// Writable tells that a link that was full takes frames again.
type Writable struct{ Links []LinkID }

// Full tells that a frame was not taken for a link. It may come during SendChunks.
type Full struct {
	Link  LinkID
	Token uint64
}

// Measured reports a link's state, at least once a second while frames flow.
type Measured struct {
	Link     LinkID
	RTT      time.Duration // smoothed
	Lost     uint64        // cumulative chunk frames known to be lost, as far as the transport can tell
	MaxChunk int
}

// Usage reports what the socket has carried in all, at least every 100 ms while it carries anything.
type Usage struct {
	Sent     uint64 // cumulative wire bytes, IP headers, handshakes and acknowledgements included
	Received uint64
}

// SignalOut asks the rendezvous to carry data to peer.
type SignalOut struct {
	Peer swarm.PeerID
	Data []byte
}

// Observed tells at which addresses STUN servers see this end, beyond those of Listening. It replaces what was told before.
type Observed struct{ Addresses []swarm.Address }

func (Up) event()         {}
func (Down) event()       {}
func (DialFailed) event() {}
func (Writable) event()   {}
func (Full) event()       {}
func (Measured) event()   {}
func (Usage) event()      {}
func (SignalOut) event()  {}
func (Observed) event()   {}
