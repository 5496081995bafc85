package swarm

import "github.com/shoal-live/shoal/core/chunk"

// TypeBundle begins a control frame that holds several messages, so that one packet takes them. It is no Message.
//
//	bundle   part, until the frame ends
//	part     length v | type 1 | body [extension]
//
// A part is what follows the index in a frame of its own. It is never a Hello, which has a frame to itself, nor a bundle.
const TypeBundle Type = 17

// MostBundle is how long its sender makes a bundle, in bytes: one packet takes it.
const MostBundle = 1024

// AppendBundle begins the frame of a bundle at dst.
func AppendBundle(dst []byte, index uint64) []byte {
	return append(appendUvarint(dst, index), byte(TypeBundle))
}

// AppendPart adds a message to the bundle at dst; it is as SplitIndex leaves it.
func AppendPart(dst, part []byte) []byte { return appendBytes(dst, part) }

// Unbundle reports whether what SplitIndex left is a bundle, and gives its parts to CutPart.
func Unbundle(rest []byte) (parts []byte, ok bool) {
	if len(rest) == 0 || Type(rest[0]) != TypeBundle {
		return nil, false
	}
	return rest[1:], true
}

// CutPart takes the first part off a bundle that has one left; it is as SplitIndex would leave it, and aliases the frame. Errors:
// chunk.ErrFormat, chunk.ErrLimit; then the rest of the bundle cannot be read.
func CutPart(parts []byte) (part, more []byte, err error) {
	c := cursor{b: parts}
	part = c.bytes(MaxControlFrame, "part")
	if c.err == nil && (len(part) == 0 || Type(part[0]) == TypeBundle || Type(part[0]) == TypeHello) {
		c.fail(chunk.ErrFormat, "type")
	}
	if c.err != nil {
		return nil, nil, c.wrap("bundle")
	}
	return part, c.b, nil
}
