package sign_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/chunk"
)

func payloads(chunks []chunk.Chunk) [][]byte {
	var all [][]byte
	for _, c := range chunks {
		all = append(all, c.Payload)
	}
	return all
}

// known is a prover that has seen one chunk of a group of size bytes, and the group's chunks.
func known(t testing.TB, size int) (chunk.Prover, []chunk.Chunk) {
	t.Helper()
	p := ends(t, descriptor(sign.NameMerkle))
	chunks := p.seal(t, size, 70)
	if got := judge(p, chunks[len(chunks)/2]); got != chunk.Authentic {
		t.Fatal(got)
	}
	return p.Verifier.(chunk.Prover), chunks
}

func TestARestoredGroupIsProvedAsItsAuthorDid(t *testing.T) {
	for _, size := range []int{1, 100, 101, 1700, 3333, 12_345, 150_000} {
		prover, chunks := known(t, size)
		proofs := prover.Prove(&chunks[0].Header, payloads(chunks))
		if len(proofs) != len(chunks) {
			t.Fatalf("%d bytes: %d proofs of %d chunks", size, len(proofs), len(chunks))
		}
		stranger := verifier(t, descriptor(sign.NameMerkle))
		for i, c := range chunks {
			if !bytes.Equal(proofs[i], c.Proof) || len(proofs[i]) != cap(proofs[i]) {
				t.Fatalf("%d bytes: proof %d is not the author's", size, i)
			}
			c.Proof = proofs[i]
			if got := judge(stranger, c); got != chunk.Authentic {
				t.Fatalf("%d bytes: chunk %d is %v", size, i, got)
			}
		}
	}
}

func TestProofsOutliveTheNextGroup(t *testing.T) {
	p := ends(t, descriptor(sign.NameMerkle))
	first, second := p.seal(t, 1700, 0), p.seal(t, 1800, 17)
	judge(p, first[0])
	judge(p, second[0])
	prover := p.Verifier.(chunk.Prover)
	proofs := prover.Prove(&first[0].Header, payloads(first))
	prover.Prove(&second[0].Header, payloads(second))
	for i, c := range first {
		if !bytes.Equal(proofs[i], c.Proof) {
			t.Fatalf("proof %d has changed", i)
		}
	}
}

func TestWhatThePublisherDidNotSignIsNotProved(t *testing.T) {
	const seed = 20260804
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	prover, chunks := known(t, 1700)
	good := payloads(chunks)
	for _, tt := range []struct {
		name   string
		change func(h *chunk.GroupHeader, p [][]byte) [][]byte
	}{
		{"a bit", func(_ *chunk.GroupHeader, p [][]byte) [][]byte {
			i := rng.IntN(len(p))
			p[i] = bytes.Clone(p[i])
			p[i][rng.IntN(len(p[i]))] ^= 1 << rng.IntN(8)
			return p
		}},
		{"two chunks changed places", func(_ *chunk.GroupHeader, p [][]byte) [][]byte { p[0], p[16] = p[16], p[0]; return p }},
		{"a byte too many", func(_ *chunk.GroupHeader, p [][]byte) [][]byte { p[3] = append(bytes.Clone(p[3]), 0); return p }},
		{"a byte too few", func(_ *chunk.GroupHeader, p [][]byte) [][]byte { p[3] = p[3][:50]; return p }},
		{"a chunk is not there", func(_ *chunk.GroupHeader, p [][]byte) [][]byte { p[3] = nil; return p }},
		{"the last is not there", func(_ *chunk.GroupHeader, p [][]byte) [][]byte { return p[:16] }},
		{"one too many", func(_ *chunk.GroupHeader, p [][]byte) [][]byte { return append(p, p[0]) }},
		{"nothing", func(*chunk.GroupHeader, [][]byte) [][]byte { return nil }},
		{"another group", func(h *chunk.GroupHeader, p [][]byte) [][]byte { h.Group++; return p }},
		{"the same slot", func(h *chunk.GroupHeader, p [][]byte) [][]byte { h.Group += 80; return p }},
		{"another epoch", func(h *chunk.GroupHeader, p [][]byte) [][]byte { h.Epoch++; return p }},
		{"another number", func(h *chunk.GroupHeader, p [][]byte) [][]byte { h.First++; return p }},
		{"data called parity", func(h *chunk.GroupHeader, p [][]byte) [][]byte { h.Data, h.Parity = h.Data-1, 1; return p }},
		{"no header", func(h *chunk.GroupHeader, _ [][]byte) [][]byte { *h = chunk.GroupHeader{}; return nil }},
	} {
		for range 20 {
			h := chunks[0].Header
			if got := prover.Prove(&h, tt.change(&h, slices.Clone(good))); got != nil {
				t.Errorf("%s: %d proofs", tt.name, len(got))
			}
		}
	}
	if got := prover.Prove(&chunks[0].Header, good); len(got) != len(chunks) {
		t.Error("the group itself is not proved any more")
	}
	unknown := verifier(t, descriptor(sign.NameMerkle)).(chunk.Prover)
	if got := unknown.Prove(&chunks[0].Header, good); got != nil {
		t.Errorf("of a group whose signature nobody has seen: %d proofs", len(got))
	}
	if got := unknown.Prove(&chunk.GroupHeader{}, nil); got != nil {
		t.Errorf("of no group: %d proofs", len(got))
	}
}

func TestSignedChunksCannotBeProvedByOthers(t *testing.T) {
	if _, ok := verifier(t, descriptor(sign.NameSignAll)).(chunk.Prover); ok {
		t.Error("sign-all claims to prove what only the publisher can sign")
	}
}

// BenchmarkProve is per group.
func BenchmarkProve(b *testing.B) {
	for _, n := range []int{14, 28, 370} {
		b.Run(fmt.Sprintf("chunks=%d", n), func(b *testing.B) {
			d := descriptor(sign.NameMerkle)
			d.ChunkSize = 900
			p := ends(b, d)
			chunks := p.seal(b, n*800, 0)
			judge(p, chunks[0])
			all, prover := payloads(chunks), p.Verifier.(chunk.Prover)
			b.SetBytes(int64(n * 800))
			b.ReportAllocs()
			for b.Loop() {
				if prover.Prove(&chunks[0].Header, all) == nil {
					b.Fatal("not proved")
				}
			}
		})
	}
}
