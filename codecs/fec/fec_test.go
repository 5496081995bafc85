package fec_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/reedsolomon"

	"github.com/shoal-live/shoal/codecs/fec"
	"github.com/shoal-live/shoal/core/chunk"
)

// group is a header and all payloads of a group, parity included.
func group(t testing.TB, c *fec.Code, h chunk.GroupHeader) [][]byte {
	t.Helper()
	payload := make([]byte, h.Size)
	rng := rand.NewChaCha8([32]byte{byte(h.Data), byte(h.Parity), byte(h.Size)})
	_, _ = rng.Read(payload)
	parity, err := c.Parity(&h, payload)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for i := range int(h.Data) {
		from, to := h.Slice(i)
		all = append(all, payload[from:to])
	}
	return append(all, parity...)
}

func header(data, parity, size int) chunk.GroupHeader {
	return chunk.GroupHeader{Group: 7, Data: uint16(data), Parity: uint16(parity), Size: uint32(size)}
}

// without is all but so many chunks, which rng chooses.
func without(all [][]byte, lost int, rng *rand.Rand) [][]byte {
	left := slices.Clone(all)
	for _, i := range rng.Perm(len(all))[:lost] {
		left[i] = nil
	}
	return left
}

func same(t *testing.T, want, got [][]byte) {
	t.Helper()
	for i := range want {
		if !bytes.Equal(want[i], got[i]) {
			t.Fatalf("chunk %d of %d differs", i, len(want))
		}
	}
}

func TestAnyDataChunksOfAGroupRestoreIt(t *testing.T) {
	const seed = 20260804
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	c := fec.New()
	for _, h := range []chunk.GroupHeader{
		header(1, 0, 50), header(1, 1, 1), header(1, 1, 700), header(2, 1, 3), header(3, 3, 10), header(26, 2, 26_000),
		header(26, 2, 25_999), header(26, 2, 25_001), header(34, 3, 33_333), header(254, 2, 200_000), header(238, 18, 238*9-4),
		header(129, 127, 129*33-20), // the last of the smaller field
		header(255, 2, 255*100), header(130, 127, 130*64-63), header(340, 30, 340*900-339), header(700, 56, 700*128-63),
		header(700, 56, 700*128-64), header(700, 56, 699*128+1),
	} {
		all := group(t, c, h)
		for _, lost := range []int{0, 1, int(h.Parity+1) / 2, int(h.Parity)} {
			if lost > int(h.Parity) {
				continue
			}
			for range 3 {
				left := without(all, lost, rng)
				gaps := slices.Clone(left)
				if err := c.Restore(&h, left); err != nil {
					t.Fatalf("%d+%d without %d: %v", h.Data, h.Parity, lost, err)
				}
				same(t, all, left)
				for i, p := range left {
					if gaps[i] == nil && cap(p) != len(p) {
						t.Fatalf("%d+%d: chunk %d has room, which belongs to another", h.Data, h.Parity, i)
					}
				}
			}
		}
		if h.Parity == 0 {
			continue
		}
		for name, from := range map[string]int{"the first": 0, "the last data": h.Total() - 2*int(h.Parity), "the parity": int(h.Data)} {
			left := slices.Clone(all)
			clear(left[from : from+int(h.Parity)])
			if err := c.Restore(&h, left); err != nil {
				t.Fatalf("%d+%d without %s chunks: %v", h.Data, h.Parity, name, err)
			}
			same(t, all, left)
		}
	}
}

// The code is that of other implementations of Cauchy matrices, so long as a group has no more chunks than bytes have values.
func TestParityIsThatOfAnotherImplementation(t *testing.T) {
	for _, h := range []chunk.GroupHeader{header(1, 1, 9), header(26, 2, 26_000), header(34, 3, 33_333), header(170, 86, 170*40-39)} {
		all := group(t, fec.New(), h)
		other, err := reedsolomon.New(int(h.Data), int(h.Parity), reedsolomon.WithCauchyMatrix())
		if err != nil {
			t.Fatal(err)
		}
		_, n := h.Slice(0)
		padded := make([][]byte, h.Total())
		for i := range padded {
			padded[i] = make([]byte, n)
			copy(padded[i], all[i])
		}
		if ok, err := other.Verify(padded); err != nil || !ok {
			t.Errorf("%d+%d: the other says %v, %v", h.Data, h.Parity, ok, err)
		}
	}
}

// What travels must not change: peers of another version could not restore it.
func TestTheCodeStaysAsItIs(t *testing.T) {
	for _, tt := range []struct {
		header chunk.GroupHeader
		want   string
	}{
		{header(26, 2, 26_000), "1fb79b004c07dbf8"},
		{header(340, 30, 340*900-10), "e85c6be80307c7e0"},
	} {
		h := tt.header
		payload := make([]byte, h.Size)
		for i := range payload {
			payload[i] = byte(i * i >> 5)
		}
		parity, err := fec.New().Parity(&h, payload)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(bytes.Join(parity, nil))
		if got := hex.EncodeToString(sum[:8]); got != tt.want {
			t.Errorf("%d+%d: parity is %s, was %s", h.Data, h.Parity, got, tt.want)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	c := fec.New()
	small, large := header(4, 2, 39), header(300, 24, 300*10)
	for _, tt := range []struct {
		name   string
		header chunk.GroupHeader
		spoil  func(h *chunk.GroupHeader, p [][]byte) [][]byte
		is     error
		says   string
	}{
		{"too few", small, func(_ *chunk.GroupHeader, p [][]byte) [][]byte { clear(p[1:4]); return p }, chunk.ErrFormat, "3 chunks are there, 4 are needed"},
		{"too few of a large group", large, func(_ *chunk.GroupHeader, p [][]byte) [][]byte { clear(p[100:125]); return p }, chunk.ErrFormat, "299 chunks are there, 300 are needed"},
		{"a short chunk", small, func(_ *chunk.GroupHeader, p [][]byte) [][]byte { p[0], p[1] = p[0][:9], nil; return p }, chunk.ErrFormat, "chunk 0 of 9 bytes, 10 are its length"},
		{"a last chunk that is padded", small, func(_ *chunk.GroupHeader, p [][]byte) [][]byte { p[3], p[1] = make([]byte, 10), nil; return p }, chunk.ErrFormat, "chunk 3 of 10 bytes, 9 are its length"},
		{"short parity", small, func(_ *chunk.GroupHeader, p [][]byte) [][]byte { p[5], p[1] = p[5][:9], nil; return p }, chunk.ErrFormat, "chunk 5 of 9 bytes"},
		{"an empty chunk", small, func(_ *chunk.GroupHeader, p [][]byte) [][]byte { p[2] = []byte{}; return p }, chunk.ErrFormat, "chunk 2 of 0 bytes"},
		{"payloads of another group", small, func(_ *chunk.GroupHeader, p [][]byte) [][]byte { return p[:5] }, chunk.ErrFormat, "5 payloads for 6 chunks"},
		{"no payloads", small, func(_ *chunk.GroupHeader, _ [][]byte) [][]byte { return nil }, chunk.ErrFormat, "0 payloads"},
		{"a header that is not valid", small, func(h *chunk.GroupHeader, p [][]byte) [][]byte { h.Data = 0; return p }, chunk.ErrLimit, "data and parity"},
		{"more parity than data", small, func(h *chunk.GroupHeader, p [][]byte) [][]byte { h.Parity = 5; return p }, chunk.ErrLimit, "parity chunks 5, at most 4"},
		{"a large group of odd slices", large, func(h *chunk.GroupHeader, p [][]byte) [][]byte { h.Size = 300 * 11; return p }, chunk.ErrFormat, "11 bytes, which is odd"},
		{"too much work", large, func(h *chunk.GroupHeader, p [][]byte) [][]byte {
			h.Data, h.Parity, h.Size = 8000, 60, 8000*900
			return p
		}, chunk.ErrLimit, "coding of 8000 data and 60 parity chunks"},
	} {
		h := tt.header
		left := tt.spoil(&h, group(t, c, h))
		before := slices.Clone(left)
		err := c.Restore(&h, left)
		if !errors.Is(err, tt.is) || !strings.Contains(fmt.Sprint(err), tt.says) {
			t.Errorf("%s: %v, want %v with %q", tt.name, err, tt.is, tt.says)
		}
		for i := range left {
			if (left[i] == nil) != (before[i] == nil) {
				t.Errorf("%s: chunk %d was filled", tt.name, i)
			}
		}
	}
	if err := c.Restore(&small, make([][]byte, 6)); err == nil {
		t.Error("a group was made of nothing")
	}
}

func TestParityRefuses(t *testing.T) {
	h := header(4, 2, 39)
	if _, err := fec.New().Parity(&h, make([]byte, 38)); !errors.Is(err, chunk.ErrFormat) {
		t.Errorf("another payload: %v", err)
	}
	h.Parity = 5
	if _, err := fec.New().Parity(&h, make([]byte, 39)); !errors.Is(err, chunk.ErrLimit) {
		t.Errorf("too much parity: %v", err)
	}
}

// A publisher chooses the header, so what is refused must cost nothing, and what is not no more than the group's own memory.
func TestHostileHeadersTakeNoMemory(t *testing.T) {
	c := fec.New()
	for _, h := range []chunk.GroupHeader{header(1, 16383, chunk.MaxPayload), header(8192, 8192, chunk.MaxGroupSize), header(8192, 8192, 8192)} {
		payloads := make([][]byte, h.Total())
		_, n := h.Slice(0)
		for i := range int(h.Data) {
			payloads[i] = make([]byte, n)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := c.Restore(&h, payloads)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, chunk.ErrLimit) {
			t.Errorf("%d+%d: %v", h.Data, h.Parity, err)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 16<<10 {
			t.Errorf("%d+%d: %d bytes", h.Data, h.Parity, n)
		}
	}
}

func TestCodingAllocatesOnlyWhatItAnswers(t *testing.T) {
	c := fec.New()
	h := header(26, 2, 26_000)
	all := group(t, c, h)
	left := make([][]byte, len(all))
	payload := bytes.Join(all[:26], nil)
	if n := testing.AllocsPerRun(50, func() {
		copy(left, all)
		left[3], left[26] = nil, nil
		if err := c.Restore(&h, left); err != nil {
			t.Fatal(err)
		}
	}); n > 1 {
		t.Errorf("Restore allocates %v times", n)
	}
	if n := testing.AllocsPerRun(50, func() {
		if _, err := c.Parity(&h, payload); err != nil {
			t.Fatal(err)
		}
	}); n > 2 {
		t.Errorf("Parity allocates %v times", n)
	}
}
