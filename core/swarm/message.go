package swarm

import (
	"time"

	"github.com/shoal-live/shoal/core/chunk"
)

// Version is the protocol's version. A peer of another one is told so by Bye and let go.
const Version = 2

// Type numbers the messages on the wire.
type Type uint8

// The types. A number is never used again for another message. 16 is TypePadding and 17 TypeBundle, which are no messages.
const (
	TypeHello       Type = 1
	TypeStatus      Type = 2
	TypeHave        Type = 3
	TypeWant        Type = 4
	TypeCancel      Type = 5
	TypeDeny        Type = 6
	TypeChunk       Type = 7
	TypeSubscribe   Type = 8
	TypeUnsubscribe Type = 9
	TypePeers       Type = 10
	TypePing        Type = 11
	TypePong        Type = 12
	TypeReceipt     Type = 13
	TypeDescriptor  Type = 14
	TypeBye         Type = 15
)

// Message is one of the structs below, by pointer. The set is closed.
type Message interface{ Type() Type }

// Hello opens a stream on a link, in both directions: nothing else of the stream may come before it. It
// binds the frame's index to Stream for as long as the link lives.
type Hello struct {
	Version  uint32
	Stream   chunk.StreamID
	Role     Role
	Epoch    uint32 // of the newest descriptor held, 0 for none
	MaxLinks uint32 // that the sender keeps for this stream
	Status   Status
}

// Status tells what the sender can give, whenever it changes. Claims count only once receipts confirm them.
type Status struct {
	Uplink  uint64 // bytes per second, measured, for this stream; 0 when not yet shown
	Spare   uint64 // bytes per second of it that are not committed
	Relays  uint64 // bit k: the sender is responsible for substream k, and relays it
	Open    uint64 // bit k: the sender has substream k, and room for one more whom to push it to
	Delay   uint32 // milliseconds behind the newest chunk known, mean; how far the sender is from the source
	Links   uint32 // links held
	Playing uint32 // 1 once the sender plays, 0 before; a joiner is served leaf first
	Hops    Hops   // by substream: how far the sender is from the source, in peers that a chunk has come by
}

// Have says what the sender holds: a snapshot that replaces the one before.
type Have struct {
	Epoch     uint32
	Rendition uint8
	Window    chunk.Window // copied out of the frame
	// Anchor is one more than the number of the first chunk of the newest random-access group that the sender
	// holds a chunk of, 0 when there is none: where a joiner begins.
	Anchor uint64
}

// Want asks for chunks, most wanted first.
type Want struct {
	Epoch     uint32
	Rendition uint8
	Numbers   []uint64 // at most MaxWant
}

// Cancel takes wants back, and suppresses pushes of chunks that the sender holds by now.
type Cancel struct {
	Epoch     uint32
	Rendition uint8
	Numbers   []uint64 // at most MaxWant
}

// Reason of a Deny.
type Reason uint8

// The reasons.
const (
	NoReason     Reason = 0
	NotHeld      Reason = 1 // the chunk is not here, or not any more
	NoCapacity   Reason = 2 // the uplink is committed
	NotRelaying  Reason = 3 // the sender is not responsible for the substream
	WouldLoop    Reason = 4 // the asker feeds the sender
	PolicyChoice Reason = 5
	Outbid       Reason = 6 // the seat goes to another: the substream is pushed on for a while, until the asker has found a seat elsewhere
)

// Deny refuses wants (Numbers) or a subscription (Substream, where Numbers is empty).
type Deny struct {
	Epoch     uint32
	Rendition uint8
	Substream uint32
	Reason    Reason
	Numbers   []uint64 // at most MaxWant
}

// ChunkFrame carries a chunk, on the chunk channel.
type ChunkFrame struct {
	Chunk chunk.Chunk // Payload and Proof alias the frame
	// Stamp is when the frame was handed to the sender's transport, in half milliseconds of its own clock modulo
	// 1<<16; Stamped says that there is one. What a Receipt says of delay rests on it.
	Stamp   uint16
	Stamped bool
}

// Subscribe asks the receiver to push (Eager) or to announce (Lazy) substreams. The answer is the chunks
// themselves, or Deny.
type Subscribe struct {
	Substreams uint64 // bit k: substream k
	Mode       Mode
	From       uint64 // lowest number wanted
}

// Unsubscribe ends the subscription to substreams, from either end: the receiver of pushes may say it, and
// the pusher, who then stops.
type Unsubscribe struct {
	Substreams uint64 // bit k: substream k
	Reason     Reason
}

// Peers is gossip: introductions of neighbours.
type Peers struct {
	Candidates []Candidate // at most MaxCandidates
}

// Ping asks for the time. Times are microseconds of the sender's own monotonic clock.
type Ping struct {
	Sent uint64
}

// Pong answers a Ping. Received and Replied are Unix microseconds of the source's clock as the sender
// estimates it; Error is how wrong that estimate may be, and NoClock when there is none.
type Pong struct {
	Sent     uint64 // of the Ping
	Received int64
	Replied  int64
	Error    uint32 // microseconds
}

// NoClock is a Pong's Error when its sender does not know the source's time.
const NoClock = 1<<32 - 1

// Receipt reports what arrived on the chunk channel of the link since the one before, for the sender's
// estimate of its uplink.
type Receipt struct {
	Chunks    uint64        // cumulative, since the link came up
	Bytes     uint64        // cumulative wire bytes of them
	Duplicate uint64        // cumulative chunks that were held already
	Delay     time.Duration // one-way delay variation: mean over the interval less the least of the last minutes, whole microseconds
	Newest    uint16        // stamp of the newest of them: what left before it and is not counted is lost
}

// DescriptorMessage carries the signed descriptor of the newest epoch that the sender holds.
type DescriptorMessage struct {
	Signed []byte // see chunk.Open; aliases the frame
}

// Bye ends the stream on the link; the link itself stays up for other streams.
type Bye struct {
	Cause ByeCause
}

// ByeCause says why.
type ByeCause uint8

// The causes.
const (
	ByeLeaving    ByeCause = 1 // the sender leaves the stream
	ByeFull       ByeCause = 2 // no room for a further neighbour
	ByeVersion    ByeCause = 3 // the protocol's versions differ
	ByeUnknown    ByeCause = 4 // the stream is not known here
	ByeMisconduct ByeCause = 5 // a forged chunk or a malformed message came from the receiver
	ByeRewire     ByeCause = 6 // a better neighbour was found
)

// MaxWant is the most numbers a Want, Cancel or Deny carries.
const MaxWant = 256

// Type is TypeHello, and so on for each message.
func (*Hello) Type() Type             { return TypeHello }
func (*Status) Type() Type            { return TypeStatus }
func (*Have) Type() Type              { return TypeHave }
func (*Want) Type() Type              { return TypeWant }
func (*Cancel) Type() Type            { return TypeCancel }
func (*Deny) Type() Type              { return TypeDeny }
func (*ChunkFrame) Type() Type        { return TypeChunk }
func (*Subscribe) Type() Type         { return TypeSubscribe }
func (*Unsubscribe) Type() Type       { return TypeUnsubscribe }
func (*Peers) Type() Type             { return TypePeers }
func (*Ping) Type() Type              { return TypePing }
func (*Pong) Type() Type              { return TypePong }
func (*Receipt) Type() Type           { return TypeReceipt }
func (*DescriptorMessage) Type() Type { return TypeDescriptor }
func (*Bye) Type() Type               { return TypeBye }
