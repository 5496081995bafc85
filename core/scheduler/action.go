package scheduler

import (
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// Action is one of the structs below, by value. The set is closed.
type Action interface{ action() }

// Push is a standing order: every chunk of Substream goes to the targets as soon as it is held, the first
// target first. At the source, the first copies of all chunks of a group leave before any second copy. A
// target that is known to hold the chunk is passed over. The order replaces the one before for Substream; a
// link left out is no longer pushed to, and is told so if it had subscribed.
type Push struct {
	Substream int
	To        []Target // in order of urgency
}

// Target is one receiver of a Push.
type Target struct {
	Link  swarm.LinkID
	Class Class
}

// Class ranks what competes for the uplink. A lower one goes first.
type Class uint8

// The classes, most urgent first.
const (
	ClassRepair   Class = 1 // answers to wants, within the repair budget
	ClassInterior Class = 2 // to a peer that relays the substream
	ClassLeaf     Class = 3 // to a peer that only plays it
	ClassExtra    Class = 4 // parity and spare copies: shed first
)

// Announce is a standing order: what is held is announced to Link, at most every Every. It replaces the order
// before for Link; Every 0 ends it.
type Announce struct {
	Link  swarm.LinkID
	Every time.Duration
}

// Repair is a standing order: a chunk later than its substream's own mean plus Deviations mean deviations
// plus Slack is asked for from a neighbour that holds it, one request outstanding. At most Share of the
// stream's rate goes into repair. The zero Repair turns the engine's repair off.
type Repair struct {
	Deviations float64
	Slack      time.Duration
	Share      float64 // of the stream's rate, 0..1
	// Unfed is how long a joiner neither pulls nor begins to play before most substreams are pushed to it; 0 waits for none.
	// What it pulled before would come late, at the cost of those who watch already.
	Unfed time.Duration
}

// Subscribe asks a neighbour for substreams, in Mode; None ends a subscription.
type Subscribe struct {
	Link       swarm.LinkID
	Substreams uint64 // bit k: substream k
	Mode       swarm.Mode
}

// Refuse denies a neighbour's subscription. With swarm.Outbid it is only told that it will be: the Push stays in force.
type Refuse struct {
	Link      swarm.LinkID
	Substream int
	Reason    swarm.Reason
}

// Pull asks for chunks, one-off, from Link. The engine drops those held or asked for already unless Again is set.
type Pull struct {
	Link    swarm.LinkID
	Numbers []uint64 // at most swarm.MaxWant
	Again   Again
}

// Again says whether a chunk asked for elsewhere may be asked for once more.
type Again uint8

// The choices.
const (
	Once  Again = 0
	Twice Again = 1
)

// Send pushes one chunk, one-off, to Links.
type Send struct {
	Number uint64
	To     []Target
}

// Connect asks for a link to a candidate.
type Connect struct {
	Peer swarm.PeerID
}

// Disconnect ends the stream on a link.
type Disconnect struct {
	Link  swarm.LinkID
	Cause swarm.ByeCause
}

// Introduce asks the rendezvous and the neighbours for more candidates, Count at most.
type Introduce struct {
	Count int
}

// Tell sets what the neighbours are told.
type Tell struct {
	Relays uint64 // bit k: this peer relays substream k
	Open   uint64 // bit k: it has substream k, and room for one more whom to push it to
	Spare  uint64 // bytes per second not committed
}

// Watch asks for changes that cost something: they are sent only from then on. It replaces the Watch before.
type Watch struct {
	Held  Every // own holdings
	Holds Every // neighbours' holdings
	Late  Every // overdue chunks; any non-zero Every sends them as they become late
}

// Every is the least interval between two changes of one sort; 0 is never.
type Every = time.Duration

func (Push) action()       {}
func (Announce) action()   {}
func (Repair) action()     {}
func (Subscribe) action()  {}
func (Refuse) action()     {}
func (Pull) action()       {}
func (Send) action()       {}
func (Connect) action()    {}
func (Disconnect) action() {}
func (Introduce) action()  {}
func (Tell) action()       {}
func (Watch) action()      {}
