package fec

import (
	"fmt"

	"github.com/shoal-live/shoal/core/chunk"
)

// Restore fills what is nil in payloads, data and parity alike, with slices of one new allocation. After an error payloads is
// as it was. Errors: chunk.ErrFormat when fewer than h.Data chunks are there, one has another length than its slice, or h has no
// code; chunk.ErrLimit when the group would take too much work.
func (c *Code) Restore(h *chunk.GroupHeader, payloads [][]byte) error {
	missing, err := c.take(h, payloads)
	if err != nil || missing == 0 {
		return err
	}
	f := c.field(h)
	_, n := h.Slice(0)
	fresh := make([]byte, missing*n)
	next := func() []byte {
		b := fresh[:n:n]
		fresh = fresh[n:]
		return b
	}
	c.sum(f, h, payloads)
	c.invert(f, h)
	for j, lost := range c.lost {
		b := next()
		for i := range c.rows {
			f.addTo(b, f.mul(f.mul(c.u[i], c.v[j]), f.inv(c.point(h, i)^uint16(lost))), c.sums[i*n:(i+1)*n])
		}
		from, to := h.Slice(lost)
		payloads[lost] = b[: to-from : to-from]
	}
	for r := range int(h.Parity) {
		if at := int(h.Data) + r; payloads[at] == nil {
			payloads[at] = next()
			for i, p := range payloads[:h.Data] {
				f.addTo(payloads[at], coefficient(f, h, r, i), p)
			}
		}
	}
	if cap(c.sums) > keptScratch {
		c.sums = nil
	}
	return nil
}

// take checks what is there, and fills c.lost and c.rows. It counts what is not there.
func (c *Code) take(h *chunk.GroupHeader, payloads [][]byte) (missing int, err error) {
	if err := codable(h); err != nil {
		return 0, err
	}
	if len(payloads) != h.Total() {
		return 0, fmt.Errorf("restore group %d: %w: %d payloads for %d chunks", h.Group, chunk.ErrFormat, len(payloads), h.Total())
	}
	c.lost, c.rows = c.lost[:0], c.rows[:0]
	for i, p := range payloads {
		of := chunk.Chunk{Header: *h, Index: uint16(i)}
		switch {
		case p == nil:
			missing++
			if i < int(h.Data) {
				c.lost = append(c.lost, i)
			}
		case len(p) != of.Length():
			return 0, fmt.Errorf("restore group %d: %w: chunk %d of %d bytes, %d are its length", h.Group, chunk.ErrFormat, i, len(p), of.Length())
		case i >= int(h.Data) && len(c.rows) < len(c.lost):
			c.rows = append(c.rows, i-int(h.Data))
		}
	}
	if missing > int(h.Parity) {
		return 0, fmt.Errorf("restore group %d: %w: %d chunks are there, %d are needed", h.Group, chunk.ErrFormat, h.Total()-missing, h.Data)
	}
	return missing, nil
}

// sum fills c.sums: what is left of each parity chunk of c.rows once the data chunks that are there are taken out.
func (c *Code) sum(f field, h *chunk.GroupHeader, payloads [][]byte) {
	_, n := h.Slice(0)
	size := len(c.rows) * n
	if cap(c.sums) < size {
		c.sums = make([]byte, size)
	}
	c.sums = c.sums[:size]
	for i, r := range c.rows {
		copy(c.sums[i*n:(i+1)*n], payloads[int(h.Data)+r])
	}
	for col, p := range payloads[:h.Data] {
		if p == nil {
			continue
		}
		for i, r := range c.rows {
			f.addTo(c.sums[i*n:(i+1)*n], coefficient(f, h, r, col), p)
		}
	}
}

// point is that of row i among c.rows in the Cauchy matrix; that of a data chunk is its index.
func (c *Code) point(h *chunk.GroupHeader, i int) uint16 { return h.Data + uint16(c.rows[i]) }

// invert makes the factors of the inverse of the matrix of c.rows and c.lost: element (j, i) is u[i]*v[j]/(x[i]+y[j]), where
// x are the points of the rows and y those of the lost chunks (S. Schechter, On the inversion of certain matrices, 1959).
func (c *Code) invert(f field, h *chunk.GroupHeader) {
	c.u, c.v = c.u[:0], c.v[:0]
	for i := range c.rows {
		x := c.point(h, i)
		above, below := uint16(1), uint16(1)
		for k, lost := range c.lost {
			above = f.mul(above, x^uint16(lost))
			if k != i {
				below = f.mul(below, x^c.point(h, k))
			}
		}
		c.u = append(c.u, f.mul(above, f.inv(below)))
	}
	for j, lost := range c.lost {
		above, below := uint16(1), uint16(1)
		for k, other := range c.lost {
			above = f.mul(above, c.point(h, k)^uint16(lost))
			if k != j {
				below = f.mul(below, uint16(lost)^uint16(other))
			}
		}
		c.v = append(c.v, f.mul(above, f.inv(below)))
	}
}
