package sign_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/chunk"
)

// blank makes parity of zeros.
func blank(h *chunk.GroupHeader, _ []byte) ([][]byte, error) {
	if err := h.Restorable(); err != nil {
		return nil, err
	}
	_, n := h.Slice(0)
	spare := make([][]byte, h.Parity)
	for i := range spare {
		spare[i] = make([]byte, n)
	}
	return spare, nil
}

func withParity(t *testing.T, d *chunk.Descriptor) pair {
	t.Helper()
	author, err := sign.NewParityAuthor(d, key(1), blank)
	if err != nil {
		t.Fatal(err)
	}
	return pair{author, verifier(t, d)}
}

func TestEachGroupHasItsShareOfParity(t *testing.T) {
	methods(t, func(t *testing.T, method string) {
		for _, share := range []int{1, 8, 100} {
			d := descriptor(method)
			d.ChunkSize, d.Parity = 900, share
			p := withParity(t, d)
			next, owed := uint64(0), 0 // hundredths of a chunk
			for _, size := range []int{1, 900, 901, 25 * 900, 26 * 900, 128 * 850, 128 * 900, 236 * 900, 237 * 900, 238 * 900, 253*900 + 1, 300_001, 1_000_000, chunk.MaxGroupSize} {
				if size > 400_000 && (share != 8 || method != sign.NameMerkle) {
					continue // thousands of signatures would say no more
				}
				chunks := p.seal(t, size, next)
				next += uint64(len(chunks))
				h := &chunks[0].Header
				most := chunk.ParityChunks(share, int(h.Data), size)
				if int(h.Parity) > most || len(chunks) != h.Total() {
					t.Errorf("%d %%, %d bytes: %d chunks, of which %d are parity, at most %d", share, size, len(chunks), h.Parity, most)
				}
				owed += int(h.Data)*share - 100*int(h.Parity)
				if 100*most >= int(h.Data)*share && (owed < 0 || owed > 99) {
					t.Errorf("%d %%, %d bytes: %d parity chunks, so that %d hundredths of one are owed", share, size, h.Parity, owed)
				}
				owed = min(owed, 99)
				longest := 0
				for _, c := range chunks {
					longest = max(longest, len(c.Payload)+len(c.Proof))
				}
				if longest > 900+sign.Room {
					t.Errorf("%d %%, %d bytes: payload and proof of %d bytes, at most %d", share, size, longest, 900+sign.Room)
				}
				if got := judge(p, chunks[len(chunks)-1]); got != chunk.Authentic {
					t.Errorf("%d %%, %d bytes: the last is %v", share, size, got)
				}
			}
		}
	})
}

func TestAGroupThatIsNotPublishedOwesNoParity(t *testing.T) {
	for _, fails := range []int{0, 3} { // tries of which nothing comes
		d := descriptor(sign.NameMerkle)
		d.Parity = 8
		tries := 0
		author, err := sign.NewParityAuthor(d, key(1), func(h *chunk.GroupHeader, payload []byte) ([][]byte, error) {
			if tries++; tries <= fails {
				return nil, errors.New("not now")
			}
			return blank(h, payload)
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []uint16
		for len(got) < 5 {
			g := chunk.Group{Payload: make([]byte, 800)}
			g.RandomAccess = len(got) == 0
			if _, err := author.Seal(nil, &g, 0); err != nil {
				continue
			}
			got = append(got, g.Parity)
		}
		if !slices.Equal(got, []uint16{1, 0, 0, 1, 1}) { // 8 chunks have 0.64 each
			t.Errorf("after %d failures: parity chunks %v", fails, got)
		}
	}
}

func TestEveryHeaderOfAStreamKeepsTheLimitsOfRestorers(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, share := range []int{1, 6, 8, 33, 100} {
		d := descriptor(sign.NameMerkle)
		d.ChunkSize, d.Parity = 900, share
		p := withParity(t, d)
		data, parity, next := 0, 0, uint64(0)
		for i := range 200 {
			g := chunk.Group{Payload: make([]byte, 1+random.IntN(120_000))}
			g.RandomAccess = i%10 == 0
			chunks, err := p.Seal(nil, &g, next)
			if err != nil {
				t.Fatal(err)
			}
			next += uint64(len(chunks))
			h := &chunks[0].Header
			if err := errors.Join(h.Valid(), h.Restorable()); err != nil {
				t.Fatalf("%d %%, %d bytes: %v", share, h.Size, err)
			}
			if int(h.Data)*share <= 100*chunk.MaxParityChunks { // 100 % of more chunks is not to be had
				data, parity = data+int(h.Data), parity+int(h.Parity)
			}
		}
		if off := data*share - 100*parity; off < -100 || off > 100 {
			t.Errorf("%d %%: %d data and %d parity chunks, %d hundredths of a chunk are lacking", share, data, parity, off)
		}
	}
}

func TestAGroupThatCannotBeCodedGoesWithoutParity(t *testing.T) {
	methods(t, func(t *testing.T, method string) {
		d := descriptor(method)
		d.ChunkSize, d.Parity = 1, 8
		p := withParity(t, d)
		if h := p.seal(t, 200, 0)[0].Header; h.Data != 200 || h.Parity != 16 {
			t.Errorf("chunks of a byte: %d data and %d parity", h.Data, h.Parity)
		}
		if h := p.seal(t, 300, 216)[0].Header; h.Data != 300 || h.Parity != 0 {
			t.Errorf("more chunks than the code has, of a byte each: %d data and %d parity", h.Data, h.Parity)
		}
	})
}

func TestWrongParityIsNotPublished(t *testing.T) {
	broken := errors.New("broken")
	for name, parity := range map[string]sign.Parity{
		"an error":     func(*chunk.GroupHeader, []byte) ([][]byte, error) { return nil, broken },
		"one too many": func(h *chunk.GroupHeader, _ []byte) ([][]byte, error) { return make([][]byte, h.Parity+1), nil },
		"one too few":  func(h *chunk.GroupHeader, _ []byte) ([][]byte, error) { return make([][]byte, h.Parity-1), nil },
		"a short one":  func(h *chunk.GroupHeader, _ []byte) ([][]byte, error) { return make([][]byte, h.Parity), nil },
	} {
		d := descriptor(sign.NameMerkle)
		d.Parity = 10
		author, err := sign.NewParityAuthor(d, key(1), parity)
		if err != nil {
			t.Fatal(err)
		}
		got, err := author.Seal(nil, &chunk.Group{Payload: make([]byte, 950)}, 0)
		if !errors.Is(err, broken) && !errors.Is(err, chunk.ErrFormat) || got != nil {
			t.Errorf("%s: %d chunks, %v", name, len(got), err)
		}
	}
}
