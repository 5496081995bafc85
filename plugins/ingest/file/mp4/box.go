package mp4

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// box is one of a file, or of another box. Nothing of its body has been read.
type box struct {
	name      string
	start     int64 // of its header, in the file
	body, end int64
}

// maxBox bounds a box that is read as a whole: a moof, or the description of a track.
const maxBox = 1 << 20

// readBox reads the header of the box at at, whose parent ends at end. One that is cut off comes with the error.
func readBox(r io.ReaderAt, at, end int64) (box, error) {
	var head [16]byte
	have, err := readUpTo(r, head[:min(16, end-at)], at)
	if err != nil {
		return box{}, err
	}
	if have < 8 {
		return box{}, fmt.Errorf("%w: %d bytes at %d, where a box should begin", ErrCutOff, have, at)
	}
	size, header := int64(binary.BigEndian.Uint32(head[:])), int64(8)
	switch {
	case size == 0: // to the end
		size = end - at
	case size == 1 && have == 16:
		header = 16
		large := binary.BigEndian.Uint64(head[8:])
		size = int64(min(large, 1<<62))
	}
	b := box{name: string(head[4:8]), start: at, body: at + header}
	switch {
	case size < header:
		return box{}, fmt.Errorf("%w: box %q at %d has %d bytes", ErrFormat, b.name, at, size)
	case size > end-at:
		return b, fmt.Errorf("%w: box %q at %d has %d bytes, %d are there", ErrCutOff, b.name, at, size, end-at)
	}
	b.end = at + size
	return b, nil
}

// each calls f for each box from from to to.
func each(r io.ReaderAt, from, to int64, f func(box) error) error {
	for from < to {
		b, err := readBox(r, from, to)
		if err != nil {
			return err
		}
		if err := f(b); err != nil {
			return err
		}
		from = b.end
	}
	return nil
}

// load reads the body of b, of which at least least bytes must be there and no more than most are read.
func load(r io.ReaderAt, b box, least, most int64) ([]byte, error) {
	size := min(b.end-b.body, most)
	if size < least {
		return nil, fmt.Errorf("%w: box %q has %d bytes, not %d", ErrFormat, b.name, size, least)
	}
	body := make([]byte, size)
	n, err := readUpTo(r, body, b.body)
	if err == nil && n < len(body) {
		err = fmt.Errorf("%w: box %q at %d", ErrCutOff, b.name, b.start)
	}
	return body, err
}

// readUpTo fills p as far as the file goes.
func readUpTo(r io.ReaderAt, p []byte, at int64) (int, error) {
	n, err := r.ReadAt(p, at)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}
