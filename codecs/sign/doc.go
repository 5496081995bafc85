// Package sign authenticates chunks: it proves that the publisher of a stream made a chunk, for each chunk alone and
// in whatever order they arrive.
//
// Two methods; a descriptor names one:
//
//	merkle    one Ed25519 signature a group, over the group's header and the root of a hash tree of its chunks. A chunk
//	          carries the signature and the hashes from its leaf to the root: 64 + 16*ceil(log2(chunks)) bytes. The
//	          signature is verified once a group, and may be left out towards a peer that holds a chunk of the group
//	sign-all  one Ed25519 signature a chunk: 64 bytes, and one verification for each, as in RFC 7574
//
// # Layout
//
// Numbers are big-endian, H is SHA-256, and H16 its first 16 bytes. header is chunk.AppendGroupHeader.
//
//	merkle proof     [signature 64] path: 16 bytes for each level that has a sibling, lowest first
//	leaf             H16(0x00 | index 2 | payload)
//	node             H16(0x01 | left 16 | right 16)
//	signature        Ed25519(header "merkle" 0x00 root 16)
//
//	sign-all proof   signature 64
//	signature        Ed25519(header "sign-all" 0x00 index 2 H(payload))
//
// The tree has a leaf for each chunk of the group, parity included. A node without a sibling moves up as it is: nothing
// is ever paired with itself, so no two groups have one root. The number of leaves is signed with the header, and
// with a chunk's index it says how long its path is; whether a signature stands in front follows from the proof's length.
//
// Verifiers and authors are not safe for concurrent use.
package sign
