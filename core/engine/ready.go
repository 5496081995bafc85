package engine

import (
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// Ready is all that the engine wants done since the Ready before. The host does every part of it, in any
// order, except where a field says more.
type Ready struct {
	// Control frames, to be sent in order on each link.
	Control []ControlSend
	// Chunks to be handed to the transport, in order. Bytes are granted by the budget already. A link
	// that does not take one is reported back by Full.
	Chunks []ChunkSend
	// Trains of padding for the chunk channel, each to be handed over at once. A link that does not take one may drop it.
	Trains []Train
	// Deliver holds groups and gaps for the player, in order of media time.
	Deliver []Delivery
	// Batch is the next batch for the policy, nil when there is none. No further one comes until Answer or Restart.
	// It is made anew each time and may be kept: a policy's process reads it while the engine goes on.
	Batch *scheduler.Batch
	// Dial asks for links to candidates; the outcome comes back as PeerUp or DialFailed.
	Dial []swarm.Candidate
	// Hangup releases links: the stream has ended on them (Bye is among Control, and goes first).
	Hangup []Hangup
	// Introduce is how many candidates are wanted from the rendezvous; 0 for none.
	Introduce int
	// Ban lists peers that misbehaved: refuse their identity and address for a while.
	Ban []swarm.PeerID
	// Accuse lists peers that sent a forged chunk: the rendezvous is to hear of them.
	Accuse []swarm.PeerID
	// Events for the bus, logs and metrics.
	Events []event.Event
	// WakeAt is when Tick is wanted at the latest; never 0.
	WakeAt time.Duration
}

// ControlSend is one frame for a link's control channel.
type ControlSend struct {
	Link  swarm.LinkID
	Frame []byte
}

// ChunkSend is one chunk frame for the chunk channel of several links.
type ChunkSend struct {
	ID      chunk.ID
	Frame   []byte
	To      []swarm.LinkID
	Expires time.Duration
}

// Train is so many copies of a padding frame, one after another.
type Train struct {
	Link  swarm.LinkID
	Frame []byte
	Count int
}

// Hangup is a link that the engine needs no longer.
type Hangup struct {
	Link  swarm.LinkID
	Cause string
}

// Delivery is what the player gets next: a group, or a gap.
type Delivery struct {
	Descriptor *chunk.Descriptor // set with the first delivery of an epoch, nil otherwise
	Group      chunk.Group       // Payload nil for a gap; then Time and Span say what is missing
	Due        time.Duration     // when it is to be played
}

// Gap reports whether the delivery is a gap.
func (d *Delivery) Gap() bool { return d.Group.Payload == nil }
