package cmaf

import (
	"encoding/binary"
	"fmt"

	"github.com/shoal-live/shoal/core/chunk"
)

// box is one of a sequence of boxes.
type box struct {
	name  [4]byte
	start int    // of its header, in the bytes given to eachBox
	body  []byte // aliases them
}

// is tells that the box has this name.
func (b *box) is(name string) bool { return string(b.name[:]) == name }

// eachBox calls f for each box that b holds.
func eachBox(b []byte, f func(box) error) error {
	whole := len(b)
	for len(b) > 0 {
		if len(b) < 8 {
			return fmt.Errorf("%w: %d bytes where a box should begin", chunk.ErrFormat, len(b))
		}
		size, header := uint64(binary.BigEndian.Uint32(b)), 8
		if size == 1 {
			if len(b) < 16 {
				return fmt.Errorf("%w: box %q is cut off", chunk.ErrFormat, b[4:8])
			}
			size, header = binary.BigEndian.Uint64(b[8:]), 16
		}
		if size < uint64(header) || size > uint64(len(b)) {
			return fmt.Errorf("%w: box %q says %d bytes, %d are there", chunk.ErrFormat, b[4:8], size, len(b))
		}
		if err := f(box{name: [4]byte(b[4:8]), start: whole - len(b), body: b[header:size]}); err != nil {
			return err
		}
		b = b[size:]
	}
	return nil
}

// reader takes big-endian fields off the front of a box. After the first that is not there it answers zeros.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) u32() uint32 {
	if len(r.b) < 4 {
		r.b, r.short = nil, true
		return 0
	}
	v := binary.BigEndian.Uint32(r.b)
	r.b = r.b[4:]
	return v
}

func (r *reader) u64() uint64 {
	high := r.u32()
	return uint64(high)<<32 | uint64(r.u32())
}

func (r *reader) err(name string) error {
	if r.short {
		return fmt.Errorf("%w: box %q is cut off", chunk.ErrFormat, name)
	}
	return nil
}
