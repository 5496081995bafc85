package sign_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/chunk"
)

func key(b byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, 32)) }

func descriptor(method string) *chunk.Descriptor {
	return &chunk.Descriptor{
		Name: "cam1", Publisher: key(1).Public().(ed25519.PublicKey), Epoch: 5, Substreams: 16, ChunkSize: 100,
		Authentication: method, GroupSpan: 100 * time.Millisecond,
	}
}

// pair is the two ends of a stream.
type pair struct {
	chunk.Author
	chunk.Verifier
}

func ends(t testing.TB, d *chunk.Descriptor) pair {
	t.Helper()
	author, err := sign.NewAuthor(d, key(1))
	if err != nil {
		t.Fatal(err)
	}
	return pair{author, verifier(t, d)}
}

func verifier(t testing.TB, d *chunk.Descriptor) chunk.Verifier {
	t.Helper()
	for _, m := range sign.Catalogue() {
		if m.Name() == d.Authentication {
			v, err := m.Verifier(d)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	t.Fatalf("no method %q", d.Authentication)
	return nil
}

func (p pair) seal(t testing.TB, size int, next uint64) []chunk.Chunk {
	t.Helper()
	g := chunk.Group{Payload: make([]byte, size)}
	for i := range g.Payload {
		g.Payload[i] = byte(i * 7 >> 3)
	}
	g.Time, g.Span, g.Born = time.Second, 100*time.Millisecond, 1_790_000_000_000_000
	chunks, err := p.Seal(nil, &g, next)
	if err != nil {
		t.Fatal(err)
	}
	return chunks
}

// judge copies c, so that a verifier that changed or kept it would be found out.
func judge(v chunk.Verifier, c chunk.Chunk) chunk.Verdict {
	c.Proof, c.Payload = bytes.Clone(c.Proof), bytes.Clone(c.Payload)
	verdict, _ := v.Verify(&c)
	clear(c.Proof)
	clear(c.Payload)
	return verdict
}

func methods(t *testing.T, test func(t *testing.T, method string)) {
	for _, m := range sign.Catalogue() {
		t.Run(m.Name(), func(t *testing.T) { test(t, m.Name()) })
	}
}

func TestChunksAreAuthenticInAnyOrder(t *testing.T) {
	const seed = 20260804
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	methods(t, func(t *testing.T, method string) {
		for _, size := range []int{1, 99, 100, 101, 250, 799, 1000, 1700, 3333, 12345} {
			p := ends(t, descriptor(method))
			chunks := p.seal(t, size, 70)
			var payload []byte
			for i, c := range chunks {
				if c.ID() != (chunk.ID{Epoch: 5, Number: 70 + uint64(i)}) || len(c.Payload) != c.Length() {
					t.Fatalf("%d bytes: chunk %d is %v of %d bytes", size, i, c.ID(), len(c.Payload))
				}
				if len(c.Proof) > sign.MaxProof || len(c.Payload) > 100 {
					t.Fatalf("%d bytes: proof of %d, payload of %d bytes", size, len(c.Proof), len(c.Payload))
				}
				payload = append(payload, c.Payload...)
			}
			if len(payload) != size || chunks[0].Header.Valid() != nil {
				t.Fatalf("%d bytes were cut to %d, %v", size, len(payload), chunks[0].Header.Valid())
			}
			rng.Shuffle(len(chunks), func(i, j int) { chunks[i], chunks[j] = chunks[j], chunks[i] })
			for _, c := range chunks {
				if got := judge(p, c); got != chunk.Authentic {
					t.Fatalf("%d bytes: chunk %d is %v", size, c.Index, got)
				}
			}
		}
	})
}

func TestTheAuthorNumbersGroupsAndChunks(t *testing.T) {
	methods(t, func(t *testing.T, method string) {
		p := ends(t, descriptor(method))
		next := uint64(0)
		for n := range 5 {
			g := chunk.Group{Payload: make([]byte, 250)}
			g.Time, g.Span = time.Duration(n)*time.Millisecond+1, 1_000_999
			chunks, err := p.Seal(nil, &g, next)
			if err != nil {
				t.Fatal(err)
			}
			want := chunk.GroupHeader{
				Epoch: 5, Group: uint64(n), First: next, Data: 3, Size: 250, Time: time.Duration(n) * time.Millisecond, Span: time.Millisecond,
			}
			if g.GroupHeader != want || chunks[1].Header != want {
				t.Fatalf("header %+v, want %+v", g.GroupHeader, want)
			}
			next += uint64(len(chunks))
		}
	})
}

func TestForgeriesAreFound(t *testing.T) {
	methods(t, func(t *testing.T, method string) {
		forgeries := map[string]func(c *chunk.Chunk, others []chunk.Chunk){
			"payload":           func(c *chunk.Chunk, _ []chunk.Chunk) { c.Payload[3] ^= 1 },
			"shorter payload":   func(c *chunk.Chunk, _ []chunk.Chunk) { c.Payload = c.Payload[:50] },
			"no payload":        func(c *chunk.Chunk, _ []chunk.Chunk) { c.Payload = nil },
			"index":             func(c *chunk.Chunk, _ []chunk.Chunk) { c.Index++ },
			"index outside":     func(c *chunk.Chunk, _ []chunk.Chunk) { c.Index = 500 },
			"payload of index":  func(c *chunk.Chunk, o []chunk.Chunk) { c.Payload = o[c.Index+1].Payload },
			"proof of index":    func(c *chunk.Chunk, o []chunk.Chunk) { c.Proof = o[c.Index+1].Proof },
			"first bit":         func(c *chunk.Chunk, _ []chunk.Chunk) { c.Proof[0] ^= 1 },
			"last bit":          func(c *chunk.Chunk, _ []chunk.Chunk) { c.Proof[len(c.Proof)-1] ^= 0x80 },
			"longer proof":      func(c *chunk.Chunk, _ []chunk.Chunk) { c.Proof = append(c.Proof, make([]byte, 16)...) },
			"shorter proof":     func(c *chunk.Chunk, _ []chunk.Chunk) { c.Proof = c.Proof[:len(c.Proof)-1] },
			"another group":     func(c *chunk.Chunk, _ []chunk.Chunk) { c.Header.Group++ },
			"another number":    func(c *chunk.Chunk, _ []chunk.Chunk) { c.Header.First += 16 },
			"another time":      func(c *chunk.Chunk, _ []chunk.Chunk) { c.Header.Time += time.Microsecond },
			"another span":      func(c *chunk.Chunk, _ []chunk.Chunk) { c.Header.Span += time.Microsecond },
			"another birth":     func(c *chunk.Chunk, _ []chunk.Chunk) { c.Header.Born-- },
			"random access":     func(c *chunk.Chunk, _ []chunk.Chunk) { c.Header.RandomAccess = true },
			"another rendition": func(c *chunk.Chunk, _ []chunk.Chunk) { c.Header.Rendition = 1 },
			"another size":      func(c *chunk.Chunk, _ []chunk.Chunk) { c.Header.Size++ },
			"other counts":      func(c *chunk.Chunk, _ []chunk.Chunk) { c.Header.Data--; c.Header.Parity++ },
			"a bad header":      func(c *chunk.Chunk, _ []chunk.Chunk) { c.Header.Size = 0 },
		}
		for name, forge := range forgeries { // order-free: subtests on their own
			t.Run(name, func(t *testing.T) {
				p := ends(t, descriptor(method))
				chunks := p.seal(t, 1700, 0)
				for _, state := range []string{"unknown group", "known group"} {
					bad := chunks[4]
					bad.Proof, bad.Payload = bytes.Clone(bad.Proof), bytes.Clone(bad.Payload)
					forge(&bad, chunks)
					if got := judge(p, bad); got != chunk.Forged {
						t.Errorf("%s: %v", state, got)
					}
					if got := judge(p, chunks[2]); got != chunk.Authentic {
						t.Errorf("%s: an honest chunk is %v", state, got)
					}
				}
			})
		}
	})
}

func TestNothingCanBeReplayedElsewhere(t *testing.T) {
	methods(t, func(t *testing.T, method string) {
		chunks := ends(t, descriptor(method)).seal(t, 500, 0)
		stream := descriptor(method)
		stream.Name = "cam2"
		if got := judge(verifier(t, stream), chunks[0]); got != chunk.Forged {
			t.Errorf("in another stream of the publisher: %v", got)
		}
		publisher := descriptor(method)
		publisher.Publisher = key(2).Public().(ed25519.PublicKey)
		if got := judge(verifier(t, publisher), chunks[0]); got != chunk.Forged {
			t.Errorf("in the stream of another publisher: %v", got)
		}
		epoch := descriptor(method)
		epoch.Epoch = 6
		if got := judge(verifier(t, epoch), chunks[0]); got != chunk.Unproven {
			t.Errorf("in another epoch: %v", got)
		}
		chunks[0].Header.Epoch = 6
		if got := judge(verifier(t, epoch), chunks[0]); got != chunk.Forged {
			t.Errorf("as if it were of another epoch: %v", got)
		}
	})
	// The methods do not share signatures either.
	all := ends(t, descriptor(sign.NameSignAll)).seal(t, 50, 0)
	if got := judge(verifier(t, descriptor(sign.NameMerkle)), all[0]); got != chunk.Forged {
		t.Errorf("sign-all chunk under merkle: %v", got)
	}
	tree := ends(t, descriptor(sign.NameMerkle)).seal(t, 50, 0)
	if got := judge(verifier(t, descriptor(sign.NameSignAll)), tree[0]); got != chunk.Forged {
		t.Errorf("merkle chunk under sign-all: %v", got)
	}
}

func TestASignatureMayBeLeftOutOnceTheGroupIsKnown(t *testing.T) {
	p := ends(t, descriptor(sign.NameMerkle))
	chunks := p.seal(t, 1700, 0)
	bare := chunks[5]
	bare.Proof = p.Trim(&chunks[5], chunk.HoldsSome)
	if len(bare.Proof) != len(chunks[5].Proof)-64 || !bytes.Equal(p.Trim(&chunks[5], chunk.HoldsNothing), chunks[5].Proof) {
		t.Fatalf("trimmed to %d of %d bytes", len(bare.Proof), len(chunks[5].Proof))
	}
	if got := judge(p, bare); got != chunk.Unproven {
		t.Errorf("before the group is known: %v", got)
	}
	if got := p.Rebuild(&bare); !bytes.Equal(got, bare.Proof) {
		t.Error("a proof was rebuilt from nothing")
	}
	if got := judge(p, chunks[0]); got != chunk.Authentic {
		t.Fatal(got)
	}
	if got := judge(p, bare); got != chunk.Authentic {
		t.Errorf("once the group is known: %v", got)
	}
	if got := p.Rebuild(&bare); !bytes.Equal(got, chunks[5].Proof) {
		t.Error("the rebuilt proof is another")
	}
	if got := p.Trim(&bare, chunk.HoldsSome); !bytes.Equal(got, bare.Proof) {
		t.Error("trimmed twice")
	}
	other := bare
	other.Header.Born++
	if got := judge(p, other); got != chunk.Unproven {
		t.Errorf("another header of a known group number: %v", got)
	}
	forged := bare
	forged.Payload = chunks[6].Payload
	if got := judge(p, forged); got != chunk.Forged {
		t.Errorf("a forged payload without a signature: %v", got)
	}
}

func TestVerifiersForgetOldGroups(t *testing.T) {
	p := ends(t, descriptor(sign.NameMerkle))
	var first chunk.Chunk
	next := uint64(0)
	for n := range 2000 {
		c := p.seal(t, 50, next)[0]
		next++
		if n == 0 {
			first = c
		}
		if got := judge(p, c); got != chunk.Authentic {
			t.Fatal(got)
		}
	}
	first.Proof = p.Trim(&first, chunk.HoldsSome)
	if got := judge(p, first); got != chunk.Unproven {
		t.Errorf("a group of long ago: %v", got)
	}
}

func TestFramesOfLargeGroupsAreNoLarger(t *testing.T) {
	methods(t, func(t *testing.T, method string) {
		d := descriptor(method)
		d.ChunkSize = 900
		p := ends(t, d)
		for _, size := range []int{1, 900, 15 * 900, 16 * 900, 17 * 900, 100_000, 1_000_000, chunk.MaxGroupSize} {
			chunks := p.seal(t, size, 0)
			longest := 0
			for _, c := range chunks {
				longest = max(longest, len(c.Payload)+len(c.Proof))
			}
			if longest > 900+sign.Room {
				t.Errorf("%d bytes: payload and proof of %d bytes, at most %d", size, longest, 900+sign.Room)
			}
			if least := (size + 899) / 900; method == sign.NameSignAll && len(chunks) != least {
				t.Errorf("%d bytes: %d chunks, %d are enough", size, len(chunks), least)
			}
			if got := judge(p, chunks[len(chunks)-1]); got != chunk.Authentic {
				t.Error(got)
			}
		}
	})
}

func TestParityChunksAreProvedToo(t *testing.T) {
	methods(t, func(t *testing.T, method string) {
		d := descriptor(method)
		d.Parity = 20
		if _, err := sign.NewAuthor(d, key(1)); !errors.Is(err, chunk.ErrFormat) {
			t.Errorf("parity with nothing to make it: %v", err)
		}
		author, err := sign.NewParityAuthor(d, key(1), func(h *chunk.GroupHeader, _ []byte) ([][]byte, error) {
			_, n := h.Slice(0)
			return [][]byte{bytes.Repeat([]byte{1}, n), bytes.Repeat([]byte{2}, n)}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		chunks := pair{author, nil}.seal(t, 950, 0)
		if len(chunks) != 12 || chunks[11].Header.Parity != 2 || chunks[11].Index != 11 || chunks[11].Payload[0] != 2 {
			t.Fatalf("%d chunks", len(chunks))
		}
		v := verifier(t, d)
		for _, c := range chunks {
			if got := judge(v, c); got != chunk.Authentic {
				t.Errorf("chunk %d: %v", c.Index, got)
			}
		}
	})
}

func TestAuthorsRefuse(t *testing.T) {
	_, err := sign.NewAuthor(descriptor("rot13"), key(1))
	if !errors.Is(err, chunk.ErrFormat) || !strings.Contains(fmt.Sprint(err), "merkle, sign-all") {
		t.Errorf("an unknown method: %v", err)
	}
	if _, err := sign.NewAuthor(descriptor("merkle"), key(2)); !errors.Is(err, chunk.ErrSignature) {
		t.Errorf("somebody else's key: %v", err)
	}
	if _, err := sign.Merkle().Verifier(descriptor("sign-all")); !errors.Is(err, chunk.ErrFormat) {
		t.Errorf("a descriptor of the other method: %v", err)
	}
	broken := descriptor("merkle")
	broken.Publisher = broken.Publisher[:5]
	if _, err := sign.Merkle().Verifier(broken); !errors.Is(err, chunk.ErrFormat) {
		t.Errorf("a descriptor with a broken key: %v", err)
	}
	methods(t, func(t *testing.T, method string) {
		p := ends(t, descriptor(method))
		for _, size := range []int{0, chunk.MaxGroupSize + 1} {
			if got, err := p.Seal(nil, &chunk.Group{Payload: make([]byte, size)}, 0); !errors.Is(err, chunk.ErrLimit) || got != nil {
				t.Errorf("a group of %d bytes: %v", size, err)
			}
		}
		if got, err := p.Seal(nil, &chunk.Group{Payload: make([]byte, 17000*100)}, 0); !errors.Is(err, chunk.ErrLimit) || got != nil {
			t.Errorf("too many chunks: %v", err)
		}
	})
}

func TestKnownGroupsAreVerifiedWithoutAllocating(t *testing.T) {
	p := ends(t, descriptor(sign.NameMerkle))
	chunks := p.seal(t, 1700, 0)
	i := 0
	if n := testing.AllocsPerRun(100, func() {
		if got, _ := p.Verify(&chunks[i%len(chunks)]); got != chunk.Authentic {
			t.Error(got)
		}
		i++
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzVerify holds that only what the author made is authentic: any change of a chunk's proof, payload or place is
// found, and nothing panics.
func FuzzVerify(f *testing.F) {
	for _, m := range sign.Catalogue() {
		for _, c := range ends(f, descriptor(m.Name())).seal(f, 350, 9) {
			f.Add(c.Proof, c.Payload, c.Index, c.Header.Data, c.Header.First)
		}
	}
	made := map[string][]chunk.Chunk{}
	for _, m := range sign.Catalogue() {
		made[m.Name()] = ends(f, descriptor(m.Name())).seal(f, 350, 9)
	}
	f.Fuzz(func(t *testing.T, proof, payload []byte, index, data uint16, first uint64) {
		for _, m := range sign.Catalogue() {
			v, made := verifier(t, descriptor(m.Name())), made[m.Name()]
			for range 2 { // before and after the group is known
				c := chunk.Chunk{Header: made[0].Header, Index: index, Proof: proof, Payload: payload}
				c.Header.Data, c.Header.First = data, first
				verdict, _ := v.Verify(&c)
				same := int(index) < len(made) && c.Header == made[0].Header && bytes.Equal(payload, made[index].Payload) &&
					(bytes.Equal(proof, made[index].Proof) || bytes.Equal(proof, v.Trim(&made[index], chunk.HoldsSome)))
				if verdict == chunk.Authentic && !same {
					t.Fatalf("%s: authentic: %+v", m.Name(), c)
				}
				if verdict == chunk.Authentic {
					v.Rebuild(&c)
					v.Trim(&c, chunk.HoldsSome)
				}
				if got, _ := v.Verify(&made[0]); got != chunk.Authentic {
					t.Fatal(got)
				}
			}
		}
	})
}

func benchmark(b *testing.B, method string, size int) {
	d := descriptor(method)
	d.ChunkSize = 900
	p := ends(b, d)
	var chunks []chunk.Chunk
	for range 50 {
		chunks = append(chunks, p.seal(b, size, uint64(len(chunks)))...)
	}
	b.ReportAllocs()
	b.SetBytes(900)
	i := 0
	for b.Loop() {
		if i%len(chunks) == 0 {
			b.StopTimer()
			p.Verifier = verifier(b, d)
			b.StartTimer()
		}
		if got, _ := p.Verify(&chunks[i%len(chunks)]); got != chunk.Authentic {
			b.Fatal(got)
		}
		i++
	}
}

// BenchmarkVerify is per chunk: groups of 14 and 35 chunks are 100 ms of 1 and 2.5 Mb/s.
func BenchmarkVerify(b *testing.B) {
	for _, m := range sign.Catalogue() {
		for _, chunks := range []int{1, 14, 35} {
			b.Run(fmt.Sprintf("%s/chunks=%d", m.Name(), chunks), func(b *testing.B) { benchmark(b, m.Name(), chunks*900) })
		}
	}
}

func BenchmarkSeal(b *testing.B) {
	for _, m := range sign.Catalogue() {
		b.Run(m.Name(), func(b *testing.B) {
			d := descriptor(m.Name())
			d.ChunkSize = 900
			p := ends(b, d)
			g := chunk.Group{Payload: make([]byte, 14*900)}
			var chunks []chunk.Chunk
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if chunks, err = p.Seal(chunks[:0], &g, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
