package swarm

import "encoding/binary"

// TypePadding begins a frame on the chunk channel that holds nothing. It is no Message: what it tells is when it arrives.
const TypePadding Type = 16

// LeastPadding is the least length of a padding frame, in bytes, as long as the stream's index is below 128.
const LeastPadding = 1 + 1 + StampSize

// AppendPadding writes a padding frame to dst that is length bytes long, at least LeastPadding. See ChunkFrame for the stamp.
func AppendPadding(dst []byte, index uint64, length int, stamp uint16) []byte {
	end := len(dst) + length - StampSize
	dst = append(appendUvarint(dst, index), byte(TypePadding))
	for len(dst) < end {
		dst = append(dst, 0)
	}
	return AppendStamp(dst, stamp)
}

// ParsePadding reads the stamp of a padding frame that SplitIndex left; false when rest is none.
func ParsePadding(rest []byte) (stamp uint16, ok bool) {
	if len(rest) < 1+StampSize || Type(rest[0]) != TypePadding {
		return 0, false
	}
	return binary.LittleEndian.Uint16(rest[len(rest)-StampSize:]), true
}
