package fec_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/shoal-live/shoal/codecs/fec"
	"github.com/shoal-live/shoal/core/chunk"
)

func shapes(b *testing.B, bench func(b *testing.B, c *fec.Code, h *chunk.GroupHeader, all [][]byte)) {
	for _, h := range []chunk.GroupHeader{
		header(26, 2, 26_000), header(34, 3, 34_000), header(210, 15, 210_000), header(340, 30, 340_000), header(1000, 80, 1_000_000),
		header(16383/2, 8, 16383/2*1000), // as large as any
	} {
		b.Run(fmt.Sprintf("%d+%d", h.Data, h.Parity), func(b *testing.B) {
			c := fec.New()
			all := group(b, c, h)
			b.SetBytes(int64(h.Size))
			b.ReportAllocs()
			b.ResetTimer()
			bench(b, c, &h, all)
		})
	}
}

// A group's parity.
func BenchmarkParity(b *testing.B) {
	shapes(b, func(b *testing.B, c *fec.Code, h *chunk.GroupHeader, all [][]byte) {
		payload := bytes.Join(all[:h.Data], nil)
		b.ResetTimer()
		for range b.N {
			if _, err := c.Parity(h, payload); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func restore(b *testing.B, lost func(h *chunk.GroupHeader) int) {
	shapes(b, func(b *testing.B, c *fec.Code, h *chunk.GroupHeader, all [][]byte) {
		left := make([][]byte, len(all))
		n := lost(h)
		for range b.N {
			copy(left, all)
			for i := range n {
				left[i*int(h.Data)/n] = nil
			}
			if err := c.Restore(h, left); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// A group that lost one data chunk.
func BenchmarkRestoreOne(b *testing.B) {
	restore(b, func(*chunk.GroupHeader) int { return 1 })
}

// A group that lost as many data chunks as it has parity.
func BenchmarkRestoreMost(b *testing.B) {
	restore(b, func(h *chunk.GroupHeader) int { return int(h.Parity) })
}
