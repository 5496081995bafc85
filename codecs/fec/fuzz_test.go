package fec_test

import (
	"math/rand/v2"
	"testing"

	"github.com/shoal-live/shoal/codecs/fec"
	"github.com/shoal-live/shoal/core/chunk"
)

// FuzzRestore holds the law: whatever chunks are left, so long as they are as many as the data chunks, the group is what it was;
// fewer are refused, and nothing panics whatever the header.
func FuzzRestore(f *testing.F) {
	f.Add(uint16(26), uint16(2), uint32(26_000), uint64(1), uint16(2))
	f.Add(uint16(26), uint16(2), uint32(25_999), uint64(2), uint16(3))
	f.Add(uint16(340), uint16(30), uint32(340*20), uint64(3), uint16(30))
	f.Add(uint16(340), uint16(30), uint32(340*21-9), uint64(4), uint16(9))
	f.Add(uint16(1), uint16(1), uint32(1), uint64(5), uint16(1))
	f.Add(uint16(9000), uint16(9000), uint32(1<<23), uint64(6), uint16(1))
	f.Add(uint16(0), uint16(65535), uint32(1<<31), uint64(7), uint16(65535))
	code := fec.New()
	f.Fuzz(func(t *testing.T, data, parity uint16, size uint32, seed uint64, lost uint16) {
		h := header(int(data), int(parity), int(size))
		if h.Valid() != nil || h.Restorable() != nil {
			if err := code.Restore(&h, make([][]byte, min(h.Total(), chunk.MaxChunks))); err == nil {
				t.Fatalf("%+v was restored", h)
			}
			return
		}
		if int(h.Data)*int(h.Parity)*int(h.Size/uint32(h.Data)) > 4<<20 {
			t.Skip("SKIPPED: more coding than an input is worth; TestAnyDataChunksOfAGroupRestoreIt codes large groups")
		}
		all := group(t, code, h)
		n := int(lost) % (h.Total() + 1)
		left := without(all, n, rand.New(rand.NewPCG(seed, 0)))
		err := code.Restore(&h, left)
		if n > int(h.Parity) {
			if err == nil {
				t.Fatalf("%d+%d restored without %d", data, parity, n)
			}
			return
		}
		if err != nil {
			t.Fatalf("%d+%d without %d: %v", data, parity, n, err)
		}
		same(t, all, left)
	})
}
