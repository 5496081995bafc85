package mp4

import (
	"encoding/binary"
	"fmt"
	"io"
)

// table is an array of a box of the index. It keeps one page of it.
type table struct {
	r     io.ReaderAt
	at    int64  // of the first entry, in the file
	width int64  // bytes of an entry
	n     uint32 // entries
	first uint32 // entry with which page begins
	page  []byte
}

const pageSize = 4 << 10 // bytes, of each table

// newTable reads the head of a full box whose array begins behind its count. The count stands skip bytes into the box.
func newTable(r io.ReaderAt, b box, skip, width int64) (*table, error) {
	head, err := load(r, b, skip+4, skip+4)
	if err != nil {
		return nil, err
	}
	t := &table{r: r, at: b.body + skip + 4, width: width, n: binary.BigEndian.Uint32(head[skip:])}
	if width > 0 && int64(t.n) > (b.end-t.at)/width {
		return nil, fmt.Errorf("%w: box %q has room for %d entries and says %d", ErrFormat, b.name, (b.end-t.at)/width, t.n)
	}
	return t, nil
}

// entry is the bytes of entry i, valid until the next call.
func (t *table) entry(i uint32) ([]byte, error) {
	if i >= t.n {
		return nil, fmt.Errorf("%w: its index has no entry %d of %d", ErrFormat, i, t.n)
	}
	if have := uint32(int64(len(t.page)) / t.width); i < t.first || i-t.first >= have {
		size := min(pageSize/t.width, int64(t.n-i)) * t.width
		if int64(cap(t.page)) < size {
			t.page = make([]byte, size)
		}
		t.page, t.first = t.page[:size], i
		n, err := readUpTo(t.r, t.page, t.at+int64(i)*t.width)
		if err == nil && n < len(t.page) {
			err = ErrCutOff
		}
		if err != nil {
			t.page = t.page[:0]
			return nil, err
		}
	}
	from := int64(i-t.first) * t.width
	return t.page[from : from+t.width], nil
}

// runs reads a table of (count, value), as stts and ctts are.
type runs struct {
	table *table
	next  uint32 // entry
	left  uint32 // of the present run
	value uint32
}

func (r *runs) rewind() { r.next, r.left = 0, 0 }

// take is the next value.
func (r *runs) take() (uint32, error) {
	for r.left == 0 {
		e, err := r.table.entry(r.next)
		if err != nil {
			return 0, err
		}
		r.next++
		r.left, r.value = binary.BigEndian.Uint32(e), binary.BigEndian.Uint32(e[4:])
	}
	r.left--
	return r.value, nil
}
