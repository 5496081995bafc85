package swarm

import (
	"encoding/binary"
	"fmt"

	"github.com/shoal-live/shoal/core/chunk"
)

// cursor reads a body from the front. After the first failure it answers zeros, so that a body is read straight
// down and asked once. It allocates nothing until a failure is put into words.
type cursor struct {
	b     []byte
	err   error  // chunk.ErrFormat or chunk.ErrLimit
	field string // that failed
}

func (c *cursor) fail(err error, field string) {
	if c.err == nil {
		c.err, c.field, c.b = err, field, nil
	}
}

// wrap says which field of what failed.
func (c *cursor) wrap(what string) error {
	return fmt.Errorf("%s: %s: %w", what, c.field, c.err)
}

// uvarint reads a minimal varint of at most limit.
func (c *cursor) uvarint(limit uint64, field string) uint64 {
	if len(c.b) > 0 && c.b[0] < 0x80 && uint64(c.b[0]) <= limit { // most of them
		v := uint64(c.b[0])
		c.b = c.b[1:]
		return v
	}
	v, n := binary.Uvarint(c.b)
	switch {
	case n <= 0 || n > 1 && c.b[n-1] == 0:
		c.fail(chunk.ErrFormat, field)
		return 0
	case v > limit:
		c.fail(chunk.ErrLimit, field)
		return 0
	}
	c.b = c.b[n:]
	return v
}

// varint reads a zigzag varint.
func (c *cursor) varint(field string) int64 {
	v := c.uvarint(maxU64, field)
	return int64(v>>1) ^ -int64(v&1)
}

func (c *cursor) u32(field string) uint32 { return uint32(c.uvarint(maxU32, field)) }

func (c *cursor) u8(field string) uint8 {
	if len(c.b) == 0 {
		c.fail(chunk.ErrFormat, field)
		return 0
	}
	v := c.b[0]
	c.b = c.b[1:]
	return v
}

// fixed reads n bytes, which alias the frame.
func (c *cursor) fixed(n int, field string) []byte {
	if n > len(c.b) {
		c.fail(chunk.ErrFormat, field)
		return nil
	}
	v := c.b[:n:n]
	c.b = c.b[n:]
	return v
}

// bytes reads a length of at most limit and that many bytes, which alias the frame.
func (c *cursor) bytes(limit uint64, field string) []byte {
	return c.fixed(int(c.uvarint(limit, field)), field)
}

func appendUvarint(dst []byte, v uint64) []byte {
	if v < 0x80 {
		return append(dst, byte(v))
	}
	return binary.AppendUvarint(dst, v)
}

func appendVarint(dst []byte, v int64) []byte {
	return appendUvarint(dst, uint64(v)<<1^uint64(v>>63))
}

func appendBytes(dst, b []byte) []byte {
	dst = appendUvarint(dst, uint64(len(b)))
	return append(dst, b...)
}
