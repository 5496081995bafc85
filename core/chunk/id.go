package chunk

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// StreamID names one stream: the first 16 bytes of
// SHA-256("shoal stream v1" 0x00 publisher-key name). A name can be claimed by
// many publishers; a StreamID belongs to one key.
type StreamID [16]byte

// NewStreamID derives the id of the stream that publisher calls name.
func NewStreamID(publisher ed25519.PublicKey, name string) StreamID {
	h := sha256.New()
	h.Write([]byte("shoal stream v1\x00"))
	h.Write(publisher)
	h.Write([]byte(name))
	var id StreamID
	copy(id[:], h.Sum(nil))
	return id
}

// ParseStreamID reads the 32 hexadecimal digits that String writes.
func ParseStreamID(s string) (StreamID, error) {
	var id StreamID
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(id) {
		return id, fmt.Errorf("%w: stream id %q is not 32 hexadecimal digits", ErrFormat, s)
	}
	copy(id[:], b)
	return id, nil
}

// String is 32 lower-case hexadecimal digits.
func (id StreamID) String() string { return hex.EncodeToString(id[:]) }

// ID is the identity of a chunk within its stream.
type ID struct {
	Epoch     uint32 // revision of the publishing lease; a higher one replaces a lower
	Rendition uint8  // 0 today; groups are aligned across renditions
	Number    uint64 // counts up from 0 in each epoch and rendition, over all groups, parity included
}

// Substream is the share of the stream that id belongs to, of s substreams (s >= 1).
func (id ID) Substream(s int) int { return int(id.Number % uint64(s)) }

// String is epoch/rendition/number.
func (id ID) String() string { return fmt.Sprintf("%d/%d/%d", id.Epoch, id.Rendition, id.Number) }
