package sim

import (
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/scheduler"
)

// Config is one run. Zero means default; Run validates it.
type Config struct {
	Seed        uint64        // of everything random
	Duration    time.Duration // of the run, from the first join; default 20 s, limits 1 s..24 h
	Stream      Stream
	Streams     []Share // one for each stream: all of Stream's form, with an uplink of each peer in common; default one
	Source      Uplink
	Copies      float64 // the source's copies, for the bounds alone; default 3
	Groups      []Class // who joins, and when; at least one
	Network     Network
	Faults      []Fault
	Policy      scheduler.Factory                               // never nil
	PolicyName  string                                          // for the report
	Params      map[string]string                               // the policy's
	PolicyDelay time.Duration                                   // from a batch to its answer, virtual; 0 answers at once, as a policy linked in does
	Verify      time.Duration                                   // that a verification takes, virtual; default 0
	Series      SeriesMode                                      // whether the report has a series
	Each        func(n int, f func(i int))                      // calls f with 0..n-1, at once where it can, and returns when all have; nil for one after another. Reports do not depend on it
	Progress    func(at time.Duration) Verdict                  // asked ten times a virtual second; nil never stops
	Events      func(at time.Duration, peer int, e event.Event) // what the engines tell, that of each peer in order; nil for nobody. Peer 0 is the source. Each is not asked then
	Deliver     func(peer int, d engine.Delivery)               // what the players are given, as Events
}

// Verdict is what a Progress wants.
type Verdict uint8

// The verdicts.
const (
	GoOn Verdict = 0
	Stop Verdict = 1 // end the run here, and report what there is
)

// SeriesMode says whether the report has one entry a second.
type SeriesMode uint8

// The modes.
const (
	NoSeries  SeriesMode = 0
	PerSecond SeriesMode = 1
)

// Stream is what the source publishes.
type Stream struct {
	Bitrate    uint64        // bits of payload per second; default 1,000,000
	ChunkSize  int           // bytes of payload of a chunk at most; default 1000. One of more than a datagram travels whole all the same
	Group      time.Duration // media time of a group; default 50 ms
	GOP        time.Duration // between random-access groups; default 1 s
	KeyFrame   float64       // size of a random-access group, in sizes of the others; default 1
	Trace      []int         // bytes of each group, over and over, instead of Bitrate and KeyFrame; the first of each GOP is random access
	Substreams int           // default 16
	Parity     int           // percent of parity, see chunk.ParityShare; default 0, limits 0..chunk.MaxParity. It restores without a byte being coded
	Proof      int           // bytes of a chunk's proof, a signature of 64 included that is sent once a group; default 112, limits 0..512
}

// Share is one of several streams in which every peer takes part.
type Share struct {
	Weight  int    // of the stream at every uplink; default 1, limits 1..1000
	Bitrate uint64 // bits of payload per second; default Stream's. Groups of a trace are as much larger or smaller
}

// Uplink is what a peer's connection carries.
type Uplink struct {
	Rate uint64 // bytes per second that leave; 0 for no limit
	Cap  uint64 // bytes per second, configured at the peer; 0 for none. A peer without a cap has to measure
	Down uint64 // bytes per second that arrive; 0 for no limit
}

// None is the rate of a peer that contributes nothing: enough for control and acknowledgements, 320 kb/s. One of this
// rate or less, without a cap, is capped below what a chunk stream takes, and counts as 0 in the resource index.
const None = 40_000

// Class is a number of peers that are alike.
type Class struct {
	Count  int
	At     time.Duration // the first joins at
	Over   time.Duration // the others in the time after it, evenly
	Stay   time.Duration // mean time that one stays, exponential; 0 for all the time
	Uplink Uplink
	Kind   Kind
	Cohort string // in the report; "" for none
}

// Joins is when the peer of that number, from 0, joins.
func (c *Class) Joins(i int) time.Duration {
	return c.At + c.Over*time.Duration(i)/time.Duration(max(c.Count-1, 1))
}

// Kind tells viewers and helpers.
type Kind uint8

// The kinds.
const (
	Viewer Kind = 0
	Helper Kind = 1
)

// Network is what lies between the peers.
type Network struct {
	Median    time.Duration // one-way delay between two peers; default 1 ms
	Sigma     float64       // of its logarithm; default 0: all pairs alike
	Min       time.Duration // least; default 0
	Jitter    time.Duration // greatest extra delay of a frame, uniform; default 0
	Loss      float64       // share of frames lost, 0..0.5
	Queue     time.Duration // greatest wait for an uplink or a downlink, beyond which chunk frames are lost; default 200 ms
	Overhead  int           // wire bytes of a frame beyond its own; default 60
	Handshake int           // wire bytes that either end sends to open a link; default 2400
	Ack       int           // wire bytes of acknowledgement for a frame received; default 20
}

// Fault is one of the structs below, by value. The set is closed.
type Fault interface{ fault() time.Duration }

// Kill ends a share of the viewers at once, without a word.
type Kill struct {
	At    time.Duration
	Share float64 // 0..1
}

// Leave lets a share of the viewers say goodbye.
type Leave struct {
	At    time.Duration
	Share float64 // 0..1
}

// Slow multiplies the uplink rate of a share of the viewers; one without a limit gets Rate times the stream's.
type Slow struct {
	At    time.Duration
	Share float64 // 0..1
	Rate  float64 // > 0
}

// FreeRide lets a share of the viewers, those who have yet to join among them, take part as before and send no chunk any more.
type FreeRide struct {
	At    time.Duration
	Share float64 // 0..1
}

// Poison lets a share of the viewers, those who have yet to join among them, forge every chunk that they send.
type Poison struct {
	At    time.Duration
	Share float64 // 0..1
}

// SourceDown ends the source at once, without a word, and lets one of the same identity begin after a while: it knows nobody, and publishes
// the next epoch of each stream.
type SourceDown struct {
	At  time.Duration
	For time.Duration // > 0; from the end of one to the beginning of the next
}

// When is the time of a fault.
func When(f Fault) time.Duration { return f.fault() }

func (f Kill) fault() time.Duration       { return f.At }
func (f Leave) fault() time.Duration      { return f.At }
func (f Slow) fault() time.Duration       { return f.At }
func (f FreeRide) fault() time.Duration   { return f.At }
func (f Poison) fault() time.Duration     { return f.At }
func (f SourceDown) fault() time.Duration { return f.At }
