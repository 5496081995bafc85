package sign

import (
	"crypto/ed25519"
	"fmt"
	"math/bits"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
)

// author is what the authors of both methods share: it cuts groups into chunks.
type author struct {
	stream       chunk.StreamID
	key          ed25519.PrivateKey
	epoch        uint32
	group        uint64 // number of the next group
	chunkSize    int
	perLevel     int // bytes of proof for each level of the tree over a group's chunks
	parityChunks int
	parity       Parity
	message      []byte // scratch
}

// cut fills g's header and appends its chunks, without proofs, to dst. It numbers groups from 0, and rounds times down
// to whole microseconds, which is what travels.
func (a *author) cut(dst []chunk.Chunk, g *chunk.Group, next uint64) ([]chunk.Chunk, error) {
	size := len(g.Payload)
	if size == 0 || size > chunk.MaxGroupSize {
		return dst, fmt.Errorf("group of %d bytes, from 1 to %d are possible: %w", size, chunk.MaxGroupSize, chunk.ErrLimit)
	}
	h := g.GroupHeader
	h.Epoch, h.Rendition, h.Group, h.First = a.epoch, 0, a.group, next
	h.Time, h.Span = h.Time.Truncate(time.Microsecond), h.Span.Truncate(time.Microsecond)
	h.Size = uint32(size)
	slices := up(size, a.payload(size))
	data := up(size, up(size, slices)) // equal slices may fill fewer chunks
	if data+a.parityChunks > chunk.MaxChunks {
		return dst, fmt.Errorf("group of %d bytes in chunks of %d: more than %d chunks: %w",
			size, a.chunkSize, chunk.MaxChunks, chunk.ErrLimit)
	}
	h.Data, h.Parity = uint16(data), uint16(a.parityChunks)
	if err := h.Valid(); err != nil {
		return dst, err
	}
	var spare [][]byte
	if a.parityChunks > 0 {
		var err error
		if spare, err = a.parity(&h, g.Payload); err != nil {
			return dst, fmt.Errorf("parity of group %d: %w", h.Group, err)
		}
		if len(spare) != a.parityChunks {
			return dst, fmt.Errorf("parity of group %d: %w: %d chunks instead of %d", h.Group, chunk.ErrFormat, len(spare), a.parityChunks)
		}
	}
	for i := range data {
		from, to := h.Slice(i)
		dst = append(dst, chunk.Chunk{Header: h, Index: uint16(i), Payload: g.Payload[from:to:to]})
	}
	for i, p := range spare {
		dst = append(dst, chunk.Chunk{Header: h, Index: uint16(data + i), Payload: p})
	}
	a.group++
	g.GroupHeader = h
	return dst, nil
}

// payload is how many bytes of a group of size a chunk takes, so that payload and proof stay within chunkSize and Room.
func (a *author) payload(size int) int {
	for levels := 0; ; levels++ {
		over := max(signatureSize+levels*a.perLevel-Room, 0)
		n := max(a.chunkSize-over, up(a.chunkSize, 2))
		if a.perLevel == 0 || bits.Len(uint(up(size, n)+a.parityChunks-1)) <= levels {
			return n
		}
	}
}

// up is a/b, rounded up.
func up(a, b int) int { return (a + b - 1) / b }
