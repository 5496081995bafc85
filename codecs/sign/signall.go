package sign

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
)

// SignAll is the method that signs every chunk.
func SignAll() chunk.Authentication { return signAll{} }

type signAll struct{}

// Name is "sign-all".
func (signAll) Name() string { return NameSignAll }

// Verifier makes a verifier, which remembers nothing.
func (signAll) Verifier(d *chunk.Descriptor) (chunk.Verifier, error) {
	if err := suits(d, NameSignAll); err != nil {
		return nil, err
	}
	return &signAllVerifier{stream: d.StreamID(), publisher: d.Publisher, epoch: d.Epoch}, nil
}

type signAllVerifier struct {
	stream    chunk.StreamID
	publisher ed25519.PublicKey
	epoch     uint32
	message   []byte // scratch
}

// Verify judges c. A chunk of another epoch is not judged.
func (v *signAllVerifier) Verify(c *chunk.Chunk) (chunk.Verdict, time.Duration) {
	if c.Header.Epoch != v.epoch {
		return chunk.Unproven, 0
	}
	if c.Header.Valid() != nil || int(c.Index) >= c.Header.Total() || len(c.Proof) != signatureSize {
		return chunk.Forged, 0
	}
	v.message = chunkMessage(v.message[:0], v.stream, c)
	if !ed25519.Verify(v.publisher, v.message, c.Proof) {
		return chunk.Forged, 0
	}
	return chunk.Authentic, 0
}

// Trim gives the whole proof: there is nothing to leave out.
func (v *signAllVerifier) Trim(c *chunk.Chunk, _ chunk.Knowledge) []byte { return c.Proof }

// Rebuild gives the whole proof: nothing was left out.
func (v *signAllVerifier) Rebuild(c *chunk.Chunk) []byte { return c.Proof }

func chunkMessage(dst []byte, stream chunk.StreamID, c *chunk.Chunk) []byte {
	dst = chunk.AppendGroupHeader(dst, stream, &c.Header)
	dst = append(dst, NameSignAll+"\x00"...)
	dst = binary.BigEndian.AppendUint16(dst, c.Index)
	sum := sha256.Sum256(c.Payload)
	return append(dst, sum[:]...)
}

type signAllAuthor struct{ author }

// Seal cuts g, and signs each chunk.
func (a *signAllAuthor) Seal(dst []chunk.Chunk, g *chunk.Group, next uint64) ([]chunk.Chunk, error) {
	old := len(dst)
	dst, err := a.cut(dst, g, next)
	if err != nil {
		return dst, err
	}
	for i := range dst[old:] {
		c := &dst[old+i]
		a.message = chunkMessage(a.message[:0], a.stream, c)
		c.Proof = ed25519.Sign(a.key, a.message)
	}
	return dst, nil
}
