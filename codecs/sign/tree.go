package sign

import (
	"crypto/sha256"
	"hash"
)

const hashSize = 16

type hash16 [hashSize]byte

// hasher makes the hashes of a tree without allocating.
type hasher struct {
	leaves hash.Hash
	sum    [sha256.Size]byte
	prefix [3]byte
}

func newHasher() *hasher { return &hasher{leaves: sha256.New()} }

func (h *hasher) leaf(index uint16, payload []byte) hash16 {
	h.prefix = [3]byte{0x00, byte(index >> 8), byte(index)}
	h.leaves.Reset()
	h.leaves.Write(h.prefix[:])
	h.leaves.Write(payload)
	h.leaves.Sum(h.sum[:0])
	return hash16(h.sum[:hashSize])
}

func node(left, right *hash16) hash16 {
	var b [1 + 2*hashSize]byte
	b[0] = 0x01
	copy(b[1:], left[:])
	copy(b[1+hashSize:], right[:])
	sum := sha256.Sum256(b[:])
	return hash16(sum[:hashSize])
}

// root climbs from the leaf at index, of so many leaves, along path; false when path is not as long as it must be.
func root(leaf hash16, index, leaves int, path []byte) (hash16, bool) {
	for ; leaves > 1; index, leaves = index/2, (leaves+1)/2 {
		if index^1 >= leaves {
			continue // no sibling on this level
		}
		if len(path) < hashSize {
			return leaf, false
		}
		sibling := hash16(path[:hashSize])
		path = path[hashSize:]
		if index&1 == 0 {
			leaf = node(&leaf, &sibling)
		} else {
			leaf = node(&sibling, &leaf)
		}
	}
	return leaf, len(path) == 0
}

// pathSize is the length in bytes of the path from the leaf at index.
func pathSize(index, leaves int) int {
	n := 0
	for ; leaves > 1; index, leaves = index/2, (leaves+1)/2 {
		if index^1 < leaves {
			n += hashSize
		}
	}
	return n
}

// tree holds all levels, the leaves first and the root last.
type tree struct {
	nodes  []hash16
	leaves int
}

// build makes the levels above the leaves, which stand in t.nodes, and answers the root.
func (t *tree) build() hash16 {
	t.leaves = len(t.nodes)
	for from, n := 0, t.leaves; n > 1; from, n = from+n, (n+1)/2 {
		for i := 0; i+1 < n; i += 2 {
			t.nodes = append(t.nodes, node(&t.nodes[from+i], &t.nodes[from+i+1]))
		}
		if n%2 == 1 {
			t.nodes = append(t.nodes, t.nodes[from+n-1])
		}
	}
	return t.nodes[len(t.nodes)-1]
}

// appendPath writes the path from the leaf at index.
func (t *tree) appendPath(dst []byte, index int) []byte {
	for from, n := 0, t.leaves; n > 1; from, n, index = from+n, (n+1)/2, index/2 {
		if index^1 < n {
			dst = append(dst, t.nodes[from+(index^1)][:]...)
		}
	}
	return dst
}
