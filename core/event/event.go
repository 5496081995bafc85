// Package event is what the core tells the outside: facts in the past tense, for the bus, logs and metrics. They
// are data, never commands, and losing one changes nothing about distribution.
package event

import (
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
)

// Event is one of the structs below, by value. The set is closed.
type Event interface{ event() }

// Sink takes events. It never blocks: what cannot be taken is dropped and counted by the sink.
type Sink func(Event)

// StreamAvailable: a source publishes an epoch of a stream.
type StreamAvailable struct {
	Name   string
	Stream chunk.StreamID
	Epoch  uint32
	Tracks []chunk.Track
}

// StreamUnavailable: a source publishes a stream no longer.
type StreamUnavailable struct {
	Name   string
	Stream chunk.StreamID
	Cause  string
}

// PeerJoined: a link to a neighbour is up on a stream.
type PeerJoined struct {
	Stream chunk.StreamID
	Peer   swarm.PeerID
	Role   swarm.Role
}

// PeerLeft: a neighbour is gone from a stream.
type PeerLeft struct {
	Stream chunk.StreamID
	Peer   swarm.PeerID
	Cause  string
}

// ChunkRejected: a neighbour sent a chunk that the publisher did not make, and was dropped.
type ChunkRejected struct {
	Stream chunk.StreamID
	Peer   swarm.PeerID
	Chunk  chunk.ID
}

// EpochChanged: a viewer follows the publisher into a new epoch.
type EpochChanged struct {
	Stream chunk.StreamID
	Epoch  uint32
}

// GroupMissed: a group was not complete when it was due.
type GroupMissed struct {
	Stream chunk.StreamID
	Epoch  uint32
	Group  uint64
	Held   int // chunks of it that were held
	Needed int
}

// PlaybackStarted: the first group of a stream was played.
type PlaybackStarted struct {
	Stream  chunk.StreamID
	Startup time.Duration // since the join
}

// PolicyReplaced: the policy was late or dead; the fallback decides until it is healthy again.
type PolicyReplaced struct {
	Stream   chunk.StreamID
	Policy   string
	Fallback string
	Cause    string
}

// PolicyReturned: the policy decides again.
type PolicyReturned struct {
	Stream chunk.StreamID
	Policy string
}

// PluginStarted: a plugin process is ready.
type PluginStarted struct {
	Name  string
	Kind  string
	PID   int
	After time.Duration // from exec to ready
}

// PluginDied: a plugin process ended without being asked to.
type PluginDied struct {
	Name  string
	Kind  string
	PID   int
	Cause string
}

// PluginRestarted: it is ready again.
type PluginRestarted struct {
	Name     string
	Kind     string
	PID      int
	Restarts int
	After    time.Duration // since it died
}

// IngestFailed: a path could not be read; Retry says when it is tried again, 0 for never.
type IngestFailed struct {
	Name  string
	Cause string
	Retry time.Duration
}

// PartFailed: a transport or an output ended by itself, and is started again.
type PartFailed struct {
	Part  string
	Cause string
}

// OriginHealth: how an origin is, every few seconds.
type OriginHealth struct {
	Streams   int
	Peers     int
	UplinkCap uint64 // bytes per second, 0 for none
	Egress    uint64 // wire bytes per second, over the last second
}

// ConfigChanged: another configuration is in effect.
type ConfigChanged struct {
	Way     string   // by which it came: "file", "control API" or "bus"
	Changes []string // one a key, as "key: from -> to"; secrets are not shown
}

// ConfigRejected: a configuration was refused; the one before is in effect.
type ConfigRejected struct {
	Way   string
	Cause string
}

func (ConfigChanged) event()     {}
func (ConfigRejected) event()    {}
func (StreamAvailable) event()   {}
func (StreamUnavailable) event() {}
func (PeerJoined) event()        {}
func (PeerLeft) event()          {}
func (ChunkRejected) event()     {}
func (EpochChanged) event()      {}
func (GroupMissed) event()       {}
func (PlaybackStarted) event()   {}
func (PolicyReplaced) event()    {}
func (PolicyReturned) event()    {}
func (PluginStarted) event()     {}
func (PluginDied) event()        {}
func (PluginRestarted) event()   {}
func (IngestFailed) event()      {}
func (PartFailed) event()        {}
func (OriginHealth) event()      {}
