package swarm

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
)

// ChunkOverhead bounds what a chunk frame takes beyond its proof and payload, in bytes, for as long as an
// epoch lasts less than a year at 1000 chunks and 100 groups a second, with stream indices below 16384,
// groups that span less than 2 s, rendition 0 and less than 128 parity chunks. A stream of an hour takes about 33.
// ChunkHeader has the exact figure of a given chunk.
const ChunkOverhead = 48

// The flags of a chunk frame.
const (
	flagRandomAccess = 1 << iota
	flagParity
	flagRendition
	flagLength
	flagsKnown = flagRandomAccess | flagParity | flagRendition | flagLength
)

// maxTime is the greatest media time and maxSpan the greatest span, both in microseconds, that
// chunk.GroupHeader.Valid lets pass.
const (
	maxTime = uint64(1<<61) / 1000
	maxSpan = uint64(time.Hour / time.Microsecond)
)

// AppendChunk writes the frame of c with proof in the place of c.Proof, so that a shorter proof can be sent
// without copying the chunk. It allocates nothing when dst has room. c must be valid, see chunk.GroupHeader.Valid.
func AppendChunk(dst []byte, index uint64, c *chunk.Chunk, proof []byte) []byte {
	h := &c.Header
	flags := chunkFlags(c)
	dst = appendUvarint(dst, index)
	dst = append(dst, byte(TypeChunk), flags)
	dst = appendUvarint(dst, uint64(h.Epoch))
	if flags&flagRendition != 0 {
		dst = appendUvarint(dst, uint64(h.Rendition))
	}
	dst = appendUvarint(dst, h.Group)
	dst = appendUvarint(dst, h.First)
	dst = appendUvarint(dst, uint64(h.Data))
	if flags&flagParity != 0 {
		dst = appendUvarint(dst, uint64(h.Parity))
	}
	dst = appendUvarint(dst, uint64(h.Size))
	dst = appendUvarint(dst, microseconds(h.Time, maxTime))
	dst = appendUvarint(dst, microseconds(h.Span, maxSpan))
	dst = appendVarint(dst, h.Born)
	dst = appendUvarint(dst, uint64(c.Index))
	dst = appendBytes(dst, proof)
	if flags&flagLength != 0 {
		dst = appendUvarint(dst, uint64(len(c.Payload)))
	}
	return append(dst, c.Payload...)
}

// StampSize is what AppendStamp writes, in bytes.
const StampSize = 2

// AppendStamp puts a stamp behind the frame that AppendChunk wrote, see ChunkFrame.
func AppendStamp(dst []byte, stamp uint16) []byte {
	return binary.LittleEndian.AppendUint16(dst, stamp)
}

// ChunkHeader is what AppendChunk writes beyond proof and payload, in bytes.
func ChunkHeader(index uint64, c *chunk.Chunk, proof []byte) int {
	h := &c.Header
	n := 2 + size(index) + size(uint64(h.Epoch)) + size(h.Group) + size(h.First) + size(uint64(h.Data)) +
		size(uint64(h.Size)) + size(microseconds(h.Time, maxTime)) + size(microseconds(h.Span, maxSpan)) +
		size(uint64(h.Born)<<1^uint64(h.Born>>63)) + size(uint64(c.Index)) + size(uint64(len(proof)))
	if h.Rendition != 0 {
		n += size(uint64(h.Rendition))
	}
	if h.Parity != 0 {
		n += size(uint64(h.Parity))
	}
	if len(c.Payload) != c.Length() {
		n += size(uint64(len(c.Payload)))
	}
	return n
}

// ParseChunk reads a chunk frame that SplitIndex left, replacing all of into. Proof and Payload alias rest.
// It allocates nothing unless it fails. The chunk is well formed, not verified. Errors: chunk.ErrFormat,
// chunk.ErrLimit.
func ParseChunk(rest []byte, into *ChunkFrame) error {
	if len(rest) < 2 || Type(rest[0]) != TypeChunk {
		c := cursor{err: chunk.ErrFormat, field: "type"}
		return c.wrap("chunk")
	}
	flags := rest[1]
	c := cursor{b: rest[2:]}
	if flags&^flagsKnown != 0 {
		c.fail(chunk.ErrFormat, "flags")
	}
	ch := &into.Chunk
	h := &ch.Header
	h.RandomAccess = flags&flagRandomAccess != 0
	h.Epoch = c.u32("epoch")
	h.Rendition = uint8(c.optional(flags&flagRendition, 1<<8-1, "rendition"))
	h.Group = c.uvarint(MaxNumber, "group")
	h.First = c.uvarint(MaxNumber, "first")
	h.Data = uint16(c.uvarint(chunk.MaxChunks, "data"))
	h.Parity = uint16(c.optional(flags&flagParity, chunk.MaxChunks, "parity"))
	h.Size = uint32(c.uvarint(chunk.MaxGroupSize, "size"))
	h.Time = time.Duration(c.uvarint(maxTime, "time")) * time.Microsecond
	h.Span = time.Duration(c.uvarint(maxSpan, "span")) * time.Microsecond
	h.Born = c.varint("born")
	ch.Index = uint16(c.uvarint(chunk.MaxChunks-1, "chunk index"))
	ch.Proof = c.bytes(MaxProof, "proof")
	if c.err == nil {
		if err := h.Valid(); err != nil {
			return fmt.Errorf("chunk: %w", err)
		}
		if int(ch.Index) >= h.Total() {
			c.fail(chunk.ErrLimit, "chunk index")
		}
	}
	if c.err != nil {
		return c.wrap("chunk")
	}
	length := ch.Length()
	if flags&flagLength != 0 {
		n := int(c.uvarint(chunk.MaxPayload, "payload length"))
		if n == length { // the shorter form says so
			c.fail(chunk.ErrFormat, "payload length")
		}
		length = n
	}
	ch.Payload = c.fixed(length, "payload")
	if c.err != nil {
		return c.wrap("chunk")
	}
	into.Stamp, into.Stamped = 0, len(c.b) >= StampSize
	if into.Stamped {
		into.Stamp = binary.LittleEndian.Uint16(c.b)
	}
	return nil
}

// optional reads a field that is there, and not 0, when flag is set.
func (c *cursor) optional(flag byte, limit uint64, field string) uint64 {
	if flag == 0 {
		return 0
	}
	v := c.uvarint(limit, field)
	if v == 0 {
		c.fail(chunk.ErrFormat, field)
	}
	return v
}

func chunkFlags(c *chunk.Chunk) (flags byte) {
	if c.Header.RandomAccess {
		flags |= flagRandomAccess
	}
	if c.Header.Parity != 0 {
		flags |= flagParity
	}
	if c.Header.Rendition != 0 {
		flags |= flagRendition
	}
	if len(c.Payload) != c.Length() {
		flags |= flagLength
	}
	return flags
}

// size is the length of v as a varint.
func size(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }
