package wire_test

import (
	"bytes"
	"crypto/ed25519"
	"slices"
	"testing"

	"github.com/shoal-live/shoal/cmd/shoal/wire"
	"github.com/shoal-live/shoal/core/chunk"
)

// What an author publishes, a viewer of the same build restores, proves where the method allows it, and hands on.
func TestLostChunksAreRestoredAndProved(t *testing.T) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	restorer := wire.Restorer()
	for _, method := range wire.Authentications() {
		for _, size := range []int{1, 899, 15_625, 93_000, 400_001} {
			d := &chunk.Descriptor{
				Name: "cam", Publisher: wire.Public(key), Epoch: 1, Substreams: 16, ChunkSize: 900, Authentication: method.Name(), Parity: 8,
			}
			author, err := wire.Author(d, key)
			if err != nil {
				t.Fatal(err)
			}
			verifier, err := method.Verifier(d)
			if err != nil {
				t.Fatal(err)
			}
			g := chunk.Group{Payload: bytes.Repeat([]byte("moof and mdat"), size/13+1)[:size]}
			chunks, err := author.Seal(nil, &g, 0)
			if err != nil {
				t.Fatal(err)
			}
			var all [][]byte
			for i := range chunks {
				all = append(all, chunks[i].Payload)
			}
			if v, _ := verifier.Verify(&chunks[len(chunks)-1]); v != chunk.Authentic {
				t.Fatal(v)
			}
			left := slices.Clone(all)
			clear(left[:g.Parity])
			if err := restorer.Restore(&g.GroupHeader, left); err != nil || !bytes.Equal(bytes.Join(left[:g.Data], nil), g.Payload) {
				t.Errorf("%s, %d bytes of %d+%d chunks: not restored: %v", method.Name(), size, g.Data, g.Parity, err)
			}
			prover, ok := verifier.(chunk.Prover)
			if !ok {
				continue
			}
			proofs := prover.Prove(&g.GroupHeader, left)
			if len(proofs) != len(chunks) {
				t.Fatalf("%s, %d bytes: %d proofs", method.Name(), size, len(proofs))
			}
			next, _ := method.Verifier(d)
			if v, _ := next.Verify(&chunk.Chunk{Header: g.GroupHeader, Payload: left[0], Proof: proofs[0]}); v != chunk.Authentic {
				t.Errorf("%s, %d bytes: what was restored is %v to the next", method.Name(), size, v)
			}
		}
	}
}
