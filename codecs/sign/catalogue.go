package sign

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"strings"

	"github.com/shoal-live/shoal/core/chunk"
)

// The names of the methods, as descriptors have them.
const (
	NameMerkle  = "merkle"
	NameSignAll = "sign-all"
)

// Catalogue is every method, the default first.
func Catalogue() []chunk.Authentication {
	return []chunk.Authentication{Merkle(), SignAll()}
}

// Parity makes the h.Parity parity chunks of a group, each as long as the first slice of payload. h is complete, and
// Restorable. The author keeps what it answers; neither h nor payload may be kept. It is called for groups with parity only.
type Parity func(h *chunk.GroupHeader, payload []byte) ([][]byte, error)

// NewAuthor makes the author of d's epoch by the method that d names. Errors: chunk.ErrFormat when there is no such
// method, or d wants parity; chunk.ErrSignature when key is not the publisher's.
func NewAuthor(d *chunk.Descriptor, key ed25519.PrivateKey) (chunk.Author, error) {
	return NewParityAuthor(d, key, nil)
}

// NewParityAuthor is NewAuthor for a stream with parity, which parity makes; it may be nil when d.Parity is 0. Each group has
// as many parity chunks as chunk.ParityShare says, which begins anew with each author.
func NewParityAuthor(d *chunk.Descriptor, key ed25519.PrivateKey, parity Parity) (chunk.Author, error) {
	if err := d.Valid(); err != nil {
		return nil, err
	}
	if len(key) != ed25519.PrivateKeySize || !bytes.Equal(key[ed25519.SeedSize:], d.Publisher) {
		return nil, fmt.Errorf("author of %q: key is not the publisher's: %w", d.Name, chunk.ErrSignature)
	}
	if d.Parity > 0 && parity == nil {
		return nil, fmt.Errorf("author of %q: %w: %d %% of parity, and nothing to make it", d.Name, chunk.ErrFormat, d.Parity)
	}
	a := author{
		stream: d.StreamID(), key: key, epoch: d.Epoch, chunkSize: d.ChunkSize, share: chunk.NewParityShare(d.Parity), parity: parity,
	}
	switch d.Authentication {
	case NameMerkle:
		a.perLevel = hashSize
		return &merkleAuthor{author: a, hash: newHasher()}, nil
	case NameSignAll:
		return &signAllAuthor{author: a}, nil
	}
	var have []string
	for _, m := range Catalogue() {
		have = append(have, m.Name())
	}
	return nil, fmt.Errorf("author of %q: %w: no authentication %q (have: %s)",
		d.Name, chunk.ErrFormat, d.Authentication, strings.Join(have, ", "))
}

// suits reports whether d is a descriptor of method, as an error.
func suits(d *chunk.Descriptor, method string) error {
	if d.Authentication != method {
		return fmt.Errorf("%w: descriptor of %q names authentication %q, not %q", chunk.ErrFormat, d.Name, d.Authentication, method)
	}
	return d.Valid()
}
