package chunk

import (
	"crypto/ed25519"
	"time"
)

// Limits of a descriptor.
const (
	MaxName       = 255      // bytes of a stream's name
	MaxTracks     = 16       // tracks of a stream
	MaxInit       = 64 << 10 // bytes of one init segment
	MaxDescriptor = 256 << 10
	MaxSubstreams = 64
)

// Descriptor says everything that a peer must know of a stream's epoch before its first chunk. It travels
// signed; see Sign and Open for the layout.
type Descriptor struct {
	Name           string            // the MediaMTX path
	Publisher      ed25519.PublicKey // who signs; StreamID is derived from it and Name
	Epoch          uint32            // a changed track or a restarted source is a new epoch; higher wins
	Substreams     int               // S, 1..MaxSubstreams
	ChunkSize      int               // bytes of payload at most, 1..MaxPayload
	Authentication string            // "merkle" or "sign-all"
	Bitrate        uint64            // bits of media per second, as expected; 0 when unknown
	GroupSpan      time.Duration     // media time of a group, as expected
	RandomAccess   time.Duration     // between random-access groups, as expected; 0 when unknown
	Parity         int               // percent of parity, see ParityShare; 0..MaxParity
	Sealed         string            // AEAD that groups are sealed with; "" for a public stream
	Tracks         []Track
	Init           []byte // the fMP4 init segment (ftyp, moov) of all tracks
}

// Kind tells audio from video.
type Kind uint8

// The kinds of track.
const (
	Video Kind = 1
	Audio Kind = 2
)

// String is "video" or "audio".
func (k Kind) String() string {
	switch k {
	case Video:
		return "video"
	case Audio:
		return "audio"
	}
	return "unknown"
}

// Track is one elementary stream within the fragments.
type Track struct {
	ID        uint32 // track_ID in the fragments
	Kind      Kind
	Codec     string // RFC 6381 string, as Media Source Extensions and HLS take it: "avc1.64001f", "opus"
	Timescale uint32 // ticks a second of the fragments' sample durations
	Width     uint16 // pixels, video only
	Height    uint16
	Rate      uint32 // samples per second, audio only
	Channels  uint8  // audio only
}

// StreamID is the id of the stream that d describes.
func (d *Descriptor) StreamID() StreamID { return NewStreamID(d.Publisher, d.Name) }
