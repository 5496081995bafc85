package swarm

import (
	"crypto/ed25519"
	"encoding/hex"
	"fmt"

	"github.com/shoal-live/shoal/core/chunk"
)

// PeerID is a peer's Ed25519 public key, proved by the handshake of every link.
type PeerID [ed25519.PublicKeySize]byte

// String is the first 8 bytes in hexadecimal, enough to tell peers apart in a log.
func (p PeerID) String() string { return hex.EncodeToString(p[:8]) }

// Text is the whole id in hexadecimal; ParsePeerID reads it.
func (p PeerID) Text() string { return hex.EncodeToString(p[:]) }

// ParsePeerID reads what Text writes. Errors: chunk.ErrFormat.
func ParsePeerID(s string) (PeerID, error) {
	var p PeerID
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(p) {
		return p, fmt.Errorf("%w: peer id %q is not 64 hexadecimal digits", chunk.ErrFormat, s)
	}
	copy(p[:], b)
	return p, nil
}

// Role says what a peer does in a stream. One engine, three configurations.
type Role uint8

// The roles.
const (
	Source Role = 1 // publishes
	Helper Role = 2 // only relays, volunteered
	Viewer Role = 3 // plays, and relays what its uplink carries
)

// String is the role in lower case.
func (r Role) String() string {
	switch r {
	case Source:
		return "source"
	case Helper:
		return "helper"
	case Viewer:
		return "viewer"
	}
	return fmt.Sprintf("role %d", uint8(r))
}

// LinkID numbers one link of a node. It is never used again after the link is down. 0 is no link.
type LinkID uint64

// Limits of an introduction.
const (
	MaxAddresses    = 8   // of a candidate
	MaxAddress      = 255 // bytes of one address
	MaxCandidates   = 64  // of one message
	MaxControlFrame = 512 << 10
)

// Address is where a transport can reach a peer: "quic:192.0.2.7:8890", "webrtc:" (by signalling alone). The part
// before the first colon names the transport's scheme, the rest is its own.
type Address string

// Candidate introduces a peer.
type Candidate struct {
	Peer      PeerID
	Role      Role
	Addresses []Address // at most MaxAddresses
}

// Mode of a subscription.
type Mode uint8

// The modes.
const (
	None  Mode = 0 // not subscribed
	Lazy  Mode = 1 // chunks are announced
	Eager Mode = 2 // chunks are pushed unasked
)

// String is the mode in lower case.
func (m Mode) String() string {
	switch m {
	case None:
		return "none"
	case Lazy:
		return "lazy"
	case Eager:
		return "eager"
	}
	return fmt.Sprintf("mode %d", uint8(m))
}
