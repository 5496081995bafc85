package fec

import (
	"fmt"

	"github.com/shoal-live/shoal/core/chunk"
)

// keptScratch is how much scratch memory a Code keeps between groups, in bytes.
const keptScratch = 256 << 10

// Code makes parity and restores groups; it is a [chunk.Restorer]. It keeps 40 KB at most, and its scratch memory.
type Code struct {
	octets *octets
	pairs  *pairs // nil until a group has more than chunk.ByteChunks chunks

	lost, rows []int    // of the group at hand: data chunks that are not there, parity chunks in their place
	u, v       []uint16 // factors of the inverse matrix
	sums       []byte   // what the parity chunks say of the lost ones
}

var _ chunk.Restorer = (*Code)(nil)

// New makes a code.
func New() *Code { return &Code{octets: newOctets()} }

func (c *Code) field(h *chunk.GroupHeader) field {
	if h.Total() <= chunk.ByteChunks {
		return c.octets
	}
	if c.pairs == nil {
		c.pairs = newPairs(c.octets, chunk.MaxChunks)
	}
	return c.pairs
}

// Parity makes the h.Parity parity chunks of a group, each as long as the first slice of payload, newly allocated. Errors:
// ErrFormat or ErrLimit when h and payload do not agree or h has no code.
func (c *Code) Parity(h *chunk.GroupHeader, payload []byte) ([][]byte, error) {
	if err := codable(h); err != nil {
		return nil, err
	}
	if len(payload) != int(h.Size) {
		return nil, fmt.Errorf("parity of group %d: %w: payload of %d bytes, the header says %d", h.Group, chunk.ErrFormat, len(payload), h.Size)
	}
	f := c.field(h)
	_, n := h.Slice(0)
	parity := cut(make([]byte, int(h.Parity)*n), n)
	for i := range int(h.Data) {
		from, to := h.Slice(i)
		for r, p := range parity {
			f.addTo(p, coefficient(f, h, r, i), payload[from:to])
		}
	}
	return parity, nil
}

// coefficient is what parity chunk r takes of data chunk i.
func coefficient(f field, h *chunk.GroupHeader, r, i int) uint16 {
	return f.inv(uint16((int(h.Data) + r) ^ i))
}

// codable reports whether there is a code for h, as an error.
func codable(h *chunk.GroupHeader) error {
	err := h.Valid()
	if err == nil {
		err = h.Restorable()
	}
	if err != nil {
		return fmt.Errorf("parity of group %d: %w", h.Group, err)
	}
	return nil
}

// cut is b in slices of n bytes.
func cut(b []byte, n int) [][]byte {
	slices := make([][]byte, len(b)/n)
	for i := range slices {
		slices[i] = b[i*n : (i+1)*n : (i+1)*n]
	}
	return slices
}
