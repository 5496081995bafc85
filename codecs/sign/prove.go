package sign

import (
	"crypto/ed25519"

	"github.com/shoal-live/shoal/core/chunk"
)

var _ chunk.Prover = (*merkleVerifier)(nil)

// keptNodes is how many nodes of a tree a verifier keeps the memory of.
const keptNodes = 2 * 1024

// Prove builds the group's tree and compares its root with the one that the publisher signed. The proofs, complete with their
// signature, share one allocation, which is bounded since a known group's header is valid.
func (v *merkleVerifier) Prove(h *chunk.GroupHeader, payloads [][]byte) [][]byte {
	k := v.slot(h)
	if h.Data == 0 || k.header != *h || len(payloads) != h.Total() {
		return nil
	}
	for _, p := range payloads {
		if p == nil {
			return nil
		}
	}
	top := v.tree.over(v.hash, payloads)
	var proofs [][]byte
	if top == k.root {
		proofs = v.tree.proofs(k.signature[:])
	}
	if cap(v.tree.nodes) > keptNodes {
		v.tree.nodes = nil
	}
	return proofs
}

// over builds the tree over payloads and answers its root.
func (t *tree) over(h *hasher, payloads [][]byte) hash16 {
	t.nodes = t.nodes[:0]
	for i, p := range payloads {
		t.nodes = append(t.nodes, h.leaf(uint16(i), p))
	}
	return t.build()
}

// proofs are those of all leaves, each with signature in front; all share one allocation.
func (t *tree) proofs(signature []byte) [][]byte {
	size := 0
	for i := range t.leaves {
		size += ed25519.SignatureSize + pathSize(i, t.leaves)
	}
	all := make([]byte, 0, size)
	proofs := make([][]byte, t.leaves)
	for i := range proofs {
		from := len(all)
		all = append(all, signature...)
		all = t.appendPath(all, i)
		proofs[i] = all[from:len(all):len(all)]
	}
	return proofs
}
