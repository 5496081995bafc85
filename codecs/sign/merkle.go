package sign

import (
	"bytes"
	"crypto/ed25519"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
)

const signatureSize = ed25519.SignatureSize

// MaxProof is the longest proof of either method, in bytes.
const MaxProof = signatureSize + 14*hashSize // 14 levels for chunk.MaxChunks

// Room is what a proof may take beside a payload of the descriptor's ChunkSize, in bytes: the author of a group of
// more than 16 chunks, whose proofs are longer, makes its payloads shorter by as much. So a chunk's frame takes at most
// ChunkSize + Room + swarm.ChunkOverhead, whatever the size of the group, unless ChunkSize is below 320.
const Room = signatureSize + 4*hashSize

// Merkle is the method that signs the root of a group's hash tree.
func Merkle() chunk.Authentication { return merkle{} }

type merkle struct{}

// Name is "merkle".
func (merkle) Name() string { return NameMerkle }

// Verifier makes a verifier that remembers the roots of the last few seconds.
func (merkle) Verifier(d *chunk.Descriptor) (chunk.Verifier, error) {
	if err := suits(d, NameMerkle); err != nil {
		return nil, err
	}
	return &merkleVerifier{
		stream: d.StreamID(), publisher: d.Publisher, epoch: d.Epoch,
		hash: newHasher(), known: make([]knownGroup, remembered(d)),
	}, nil
}

// remembered is how many groups a verifier keeps: those of twice what a store keeps, within bounds.
func remembered(d *chunk.Descriptor) int {
	span := max(d.GroupSpan, 10*time.Millisecond)
	return int(min(max(2*max(4*time.Second, 2*d.RandomAccess)/span, 64), 1024))
}

// knownGroup is a group whose signature has been verified; its slot is its number modulo the slots, so that
// the groups of the last few seconds do not displace one another.
type knownGroup struct {
	header    chunk.GroupHeader // Data is 0 in a slot that is free
	root      hash16
	signature [signatureSize]byte
}

type merkleVerifier struct {
	stream    chunk.StreamID
	publisher ed25519.PublicKey
	epoch     uint32
	hash      *hasher
	known     []knownGroup
	message   []byte // scratch
	tree      tree   // scratch of Prove
}

func (v *merkleVerifier) slot(h *chunk.GroupHeader) *knownGroup {
	return &v.known[h.Group%uint64(len(v.known))]
}

// Verify judges c. A chunk of a known group must match its root, and its signature, if it has one, must be the one that
// was verified: a peer could otherwise spoil the signature of a good chunk and have those banned who relay it. A
// chunk of another epoch is not judged.
func (v *merkleVerifier) Verify(c *chunk.Chunk) (chunk.Verdict, time.Duration) {
	h := &c.Header
	if h.Epoch != v.epoch {
		return chunk.Unproven, 0
	}
	if h.Valid() != nil || int(c.Index) >= h.Total() {
		return chunk.Forged, 0
	}
	signature, path, ok := splitProof(c)
	if !ok {
		return chunk.Forged, 0
	}
	k := v.slot(h)
	known := k.header == *h
	switch {
	case known && signature != nil && !bytes.Equal(signature, k.signature[:]):
		return chunk.Forged, 0
	case !known && signature == nil:
		return chunk.Unproven, 0
	}
	top, ok := root(v.hash.leaf(c.Index, c.Payload), int(c.Index), h.Total(), path)
	switch {
	case !ok:
		return chunk.Forged, 0
	case known && top == k.root:
		return chunk.Authentic, 0
	case known:
		return chunk.Forged, 0
	}
	v.message = rootMessage(v.message[:0], v.stream, h, &top)
	if !ed25519.Verify(v.publisher, v.message, signature) {
		return chunk.Forged, 0
	}
	*k = knownGroup{header: *h, root: top, signature: [signatureSize]byte(signature)}
	return chunk.Authentic, 0
}

// Trim leaves the signature out towards a peer that holds some chunk of the group.
func (v *merkleVerifier) Trim(c *chunk.Chunk, to chunk.Knowledge) []byte {
	if signature, path, ok := splitProof(c); ok && signature != nil && to == chunk.HoldsSome {
		return path
	}
	return c.Proof
}

// Rebuild puts the signature of the group back in front, newly allocated; for a group that is forgotten the
// proof stays as it is.
func (v *merkleVerifier) Rebuild(c *chunk.Chunk) []byte {
	k := v.slot(&c.Header)
	signature, path, ok := splitProof(c)
	if !ok || signature != nil || k.header != c.Header {
		return c.Proof
	}
	return append(append(make([]byte, 0, signatureSize+len(path)), k.signature[:]...), path...)
}

// splitProof tells signature, nil when it was left out, and path apart.
func splitProof(c *chunk.Chunk) (signature, path []byte, ok bool) {
	switch len(c.Proof) - pathSize(int(c.Index), c.Header.Total()) {
	case 0:
		return nil, c.Proof, true
	case signatureSize:
		return c.Proof[:signatureSize], c.Proof[signatureSize:], true
	}
	return nil, nil, false
}

func rootMessage(dst []byte, stream chunk.StreamID, h *chunk.GroupHeader, root *hash16) []byte {
	dst = chunk.AppendGroupHeader(dst, stream, h)
	dst = append(dst, NameMerkle+"\x00"...)
	return append(dst, root[:]...)
}

type merkleAuthor struct {
	author
	hash *hasher
	tree tree
}

// Seal cuts g, and proves its chunks by one signature; all proofs share one allocation.
func (a *merkleAuthor) Seal(dst []chunk.Chunk, g *chunk.Group, next uint64) ([]chunk.Chunk, error) {
	old := len(dst)
	dst, err := a.cut(dst, g, next)
	if err != nil {
		return dst, err
	}
	chunks := dst[old:]
	a.tree.nodes = a.tree.nodes[:0]
	for i := range chunks {
		a.tree.nodes = append(a.tree.nodes, a.hash.leaf(chunks[i].Index, chunks[i].Payload))
	}
	top := a.tree.build()
	a.message = rootMessage(a.message[:0], a.stream, &g.GroupHeader, &top)
	for i, proof := range a.tree.proofs(ed25519.Sign(a.key, a.message)) {
		chunks[i].Proof = proof
	}
	return dst, nil
}
