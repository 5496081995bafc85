package node

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/egress"
	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/ingest"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// Config describes a node. New validates it.
type Config struct {
	Identity        ed25519.PrivateKey     // proves who this node is on every link
	Transports      []TransportSource      // at least one
	Authentications []chunk.Authentication // methods that are understood, at least one
	Restorer        chunk.Restorer         // of groups from their parity, for all streams; nil for none: groups are not restored
	Compressor      Compressor             // of control frames; nil sends them as they are, and refuses compressed ones
	Uplink          uint64                 // cap in bytes per second, of all that leaves; 0 for none
	Events          event.Sink             // nil discards
	Log             *slog.Logger           // nil discards
}

// TransportSource starts a transport, and starts it again when it dies. Start may take the time that a
// process needs to begin, with the back-off of its host.
type TransportSource struct {
	Name  string
	Start func(ctx context.Context) (transport.Transport, error)
}

// Compressor shortens control frames. Both ends of every link must use the same one.
type Compressor interface {
	// Compress appends the compressed form of src to dst, or src as it is where that is shorter.
	Compress(dst, src []byte) []byte
	// Decompress appends what Compress was given to dst. More than most bytes are refused with an error.
	Decompress(dst, src []byte, most int) ([]byte, error)
}

// StreamConfig describes this node's part in one stream.
type StreamConfig struct {
	Name       string
	Stream     chunk.StreamID
	Role       swarm.Role
	Policy     PolicySource
	Fallback   func() (scheduler.Policy, error) // decides while the policy is late or dead; linked in
	Rendezvous Rendezvous                       // nil for none
	Signed     []byte                           // descriptor, when one is known already
	Weight     int                              // of the uplink; default 1, limits 1..1000
	MaxLinks   int                              // see engine.Config
	Playout    engine.Playout
	Seed       uint64
	Outputs    []Output // at a viewer of what it plays, at a source of what it publishes
}

// Output is one egress of a stream, started again with back-off when it fails.
type Output struct {
	Name  string // one of its own among those of the stream
	Start func(ctx context.Context) (egress.Egress, error)
	Ready func(urls []string) // called each time it is up, from its own goroutine; nil for none
}

// PublishConfig describes what a source publishes.
type PublishConfig struct {
	Key            ed25519.PrivateKey // the publisher's, which signs descriptors and chunks
	Ingest         func(ctx context.Context) (ingest.Ingest, error)
	Author         func(d *chunk.Descriptor, key ed25519.PrivateKey) (chunk.Author, error)
	NextEpoch      func(ctx context.Context) (uint32, error) // persisted, never the same twice
	Substreams     int                                       // default 16
	ChunkSize      int                                       // bytes of payload; default 900
	Authentication string                                    // default "merkle"
	Parity         int                                       // percent of the data chunks, over many groups; default 0, at most 100
	GroupSpan      time.Duration                             // as the ingest was told; for the descriptor
}

func (c *Config) validate() error {
	switch {
	case len(c.Identity) != ed25519.PrivateKeySize:
		return fmt.Errorf("%w: Identity is no Ed25519 private key", ErrConfig)
	case len(c.Transports) == 0:
		return fmt.Errorf("%w: Transports is empty", ErrConfig)
	case len(c.Authentications) == 0:
		return fmt.Errorf("%w: Authentications is empty", ErrConfig)
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Events == nil {
		c.Events = func(event.Event) {}
	}
	return nil
}

func (c *PublishConfig) validate() error {
	switch {
	case len(c.Key) != ed25519.PrivateKeySize:
		return fmt.Errorf("%w: Key is no Ed25519 private key", ErrConfig)
	case c.Ingest == nil || c.Author == nil || c.NextEpoch == nil:
		return fmt.Errorf("%w: Ingest, Author and NextEpoch are needed", ErrConfig)
	case c.Substreams < 0 || c.Substreams > chunk.MaxSubstreams:
		return fmt.Errorf("%w: Substreams %d is not in 1..%d", ErrConfig, c.Substreams, chunk.MaxSubstreams)
	case c.ChunkSize < 0 || c.ChunkSize > chunk.MaxPayload:
		return fmt.Errorf("%w: ChunkSize %d is not in 1..%d bytes", ErrConfig, c.ChunkSize, chunk.MaxPayload)
	case c.Parity < 0 || c.Parity > chunk.MaxParity:
		return fmt.Errorf("%w: Parity %d is not in 0..%d percent", ErrConfig, c.Parity, chunk.MaxParity)
	}
	c.Substreams = cmp.Or(c.Substreams, 16)
	c.ChunkSize = cmp.Or(c.ChunkSize, 900)
	c.Authentication = cmp.Or(c.Authentication, "merkle")
	return nil
}

func publicKey(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

func (c *StreamConfig) validate() error {
	switch {
	case c.Fallback == nil:
		return fmt.Errorf("%w: stream %q: Fallback is missing", ErrConfig, c.Name)
	case c.Policy.Start == nil && c.Policy.Inline == nil:
		return fmt.Errorf("%w: stream %q: Policy is missing", ErrConfig, c.Name)
	case c.Weight < 0 || c.Weight > 1000:
		return fmt.Errorf("%w: stream %q: Weight %d is not in 1..1000", ErrConfig, c.Name, c.Weight)
	}
	if c.Weight == 0 {
		c.Weight = 1
	}
	return nil
}
