package fec

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

func TestTheFieldsAreFields(t *testing.T) {
	const seed = 20260804
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	small := newOctets()
	for x := range 256 {
		if small.product(byte(x), byte(x))^byte(x) == square {
			t.Fatalf("X^2+X+%d has the root %d", square, x)
		}
	}
	for name, tt := range map[string]struct {
		field
		size int
	}{"octets": {small, 256}, "pairs": {newPairs(small, 1<<10), 65536}} {
		any := func() uint16 { return uint16(rng.IntN(tt.size)) }
		for a := 1; a < tt.size; a++ {
			if got := tt.mul(uint16(a), tt.inv(uint16(a))); got != 1 {
				t.Fatalf("%s: %d by its inverse is %d", name, a, got)
			}
		}
		for range 10_000 {
			a, b, c := any(), any(), any()
			if tt.mul(a, b) != tt.mul(b, a) || tt.mul(a, tt.mul(b, c)) != tt.mul(tt.mul(a, b), c) ||
				tt.mul(a, b^c) != tt.mul(a, b)^tt.mul(a, c) || tt.mul(a, 1) != a || tt.mul(a, 0) != 0 {
				t.Fatalf("%s: no field at %d, %d, %d", name, a, b, c)
			}
		}
	}
}

// addTo is mul, symbol by symbol, in both fields.
func TestSlicesAreMultipliedAsSymbolsAre(t *testing.T) {
	const seed = 20260804
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	small := newOctets()
	large := newPairs(small, 16)
	for _, n := range []int{2, 8, 30, 126, 300, 902} {
		out := random(rng, n)
		for _, short := range []int{0, 1, n/2 - 1, n / 2, n/2 + 1, n} {
			if short < 0 {
				continue
			}
			in := random(rng, short)
			c := uint16(rng.IntN(65536))
			padded := append(bytes.Clone(in), make([]byte, n-short)...)

			got, want := bytes.Clone(out), bytes.Clone(out)
			small.addTo(got, c, in)
			for i := range want {
				want[i] ^= small.product(byte(c), padded[i])
			}
			if !bytes.Equal(got, want) {
				t.Errorf("octets, %d of %d bytes: differs", short, n)
			}

			got, want = bytes.Clone(out), bytes.Clone(out)
			large.addTo(got, c, in)
			for i := range n / 2 {
				product := large.mul(c, uint16(padded[i])|uint16(padded[n/2+i])<<8)
				want[i] ^= byte(product)
				want[n/2+i] ^= byte(product >> 8)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("pairs, %d of %d bytes: differs", short, n)
			}
		}
	}
}

// Browsers run the plain multiplication, so it is tested here, where the assembly is.
func TestPlainMultiplicationIsTheSame(t *testing.T) {
	const seed = 20260804
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	f := newOctets()
	var plain tables
	plain.init(f)
	for c := range 256 {
		in, out := random(rng, c), random(rng, 300)
		want := bytes.Clone(out)
		plain.addTo(out, byte(c), in)
		f.multiply.addTo(want, byte(c), in)
		if !bytes.Equal(out, want) {
			t.Fatalf("times %d, %d bytes: differs", c, len(in))
		}
	}
}

func random(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func BenchmarkAddTo(b *testing.B) {
	f := newOctets()
	var plain tables
	plain.init(f)
	in, out := make([]byte, 1000), make([]byte, 1000)
	b.Run("assembly", func(b *testing.B) {
		b.SetBytes(1000)
		for i := range b.N {
			f.multiply.addTo(out, byte(i), in)
		}
	})
	b.Run("plain", func(b *testing.B) {
		b.SetBytes(1000)
		for i := range b.N {
			plain.addTo(out, byte(i), in)
		}
	})
}
