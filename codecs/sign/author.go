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
	stream    chunk.StreamID
	key       ed25519.PrivateKey
	epoch     uint32
	group     uint64 // number of the next group
	chunkSize int
	perLevel  int // bytes of proof for each level of the tree over a group's chunks
	share     chunk.ParityShare
	parity    Parity
	message   []byte // scratch
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
	data, parity := a.slices(&h)
	if data+parity > chunk.MaxChunks {
		return dst, fmt.Errorf("group of %d bytes in chunks of %d: more than %d chunks: %w",
			size, a.chunkSize, chunk.MaxChunks, chunk.ErrLimit)
	}
	h.Data, h.Parity = uint16(data), uint16(parity)
	if err := h.Valid(); err != nil {
		return dst, err
	}
	spare, err := a.spare(&h, g.Payload)
	if err != nil {
		return dst, fmt.Errorf("parity of group %d: %w", h.Group, err)
	}
	for i := range data {
		from, to := h.Slice(i)
		dst = append(dst, chunk.Chunk{Header: h, Index: uint16(i), Payload: g.Payload[from:to:to]})
	}
	for i, p := range spare {
		dst = append(dst, chunk.Chunk{Header: h, Index: uint16(data + i), Payload: p})
	}
	a.share.Deal(&h)
	a.group++
	g.GroupHeader = h
	return dst, nil
}

// spare is the group's parity, as long as it must be.
func (a *author) spare(h *chunk.GroupHeader, payload []byte) ([][]byte, error) {
	if h.Parity == 0 {
		return nil, nil
	}
	spare, err := a.parity(h, payload)
	if err != nil {
		return nil, err
	}
	if len(spare) != int(h.Parity) {
		return nil, fmt.Errorf("%w: %d chunks instead of %d", chunk.ErrFormat, len(spare), h.Parity)
	}
	for _, p := range spare {
		if _, n := h.Slice(0); len(p) != n {
			return nil, fmt.Errorf("%w: %d bytes instead of %d", chunk.ErrFormat, len(p), n)
		}
	}
	return spare, nil
}

// slices is how many data and parity chunks the next group is cut into, of which h has Size and RandomAccess. A group that can
// have no slices of even length, where [chunk.GroupHeader.Restorable] wants them, goes without parity.
func (a *author) slices(h *chunk.GroupHeader) (data, parity int) {
	data, parity, ok := a.fit(h, &a.share)
	if !ok {
		data, parity, _ = a.fit(h, &chunk.ParityShare{})
	}
	return data, parity
}

// fit finds the longest slices that stay, with their proofs, within chunkSize and Room; without parity there are some.
func (a *author) fit(h *chunk.GroupHeader, share *chunk.ParityShare) (data, parity int, ok bool) {
	size := int(h.Size)
	for n := a.chunkSize; n >= up(a.chunkSize, 2); n-- {
		data = up(size, up(size, up(size, n))) // equal slices may fill fewer chunks
		parity = share.Chunks(h, data)
		slice := up(size, data)
		even := parity == 0 || data+parity <= chunk.ByteChunks || slice%2 == 0
		if even && slice <= a.room(levels(data+parity)) {
			return data, parity, true
		}
	}
	return 0, 0, false
}

// room is how many bytes of payload fit beside the proof from a tree of so many levels.
func (a *author) room(levels int) int {
	over := max(signatureSize+levels*a.perLevel-Room, 0)
	return max(a.chunkSize-over, up(a.chunkSize, 2))
}

// levels is how many a tree of so many leaves has above them.
func levels(leaves int) int { return bits.Len(uint(leaves - 1)) }

// up is a/b, rounded up.
func up(a, b int) int { return (a + b - 1) / b }
