package swarm

import (
	"bytes"

	"github.com/shoal-live/shoal/core/chunk"
)

// The kinds of token in a window's bitmap.
const (
	asTheyAre = 0
	allHeld   = 1
	noneHeld  = 2
)

const (
	maxWindowBytes = chunk.MaxWindow / 8
	// maxTokens bounds a coded window: tokens take no more than they save, but for a byte in 34.
	maxTokens = maxWindowBytes + 128
)

func appendHave(dst []byte, m *Have) []byte {
	dst = appendUvarint(appendUvarint(dst, uint64(m.Epoch)), uint64(m.Rendition))
	return appendUvarint(appendWindow(dst, &m.Window), m.Anchor)
}

// ParseHave reads a have that SplitIndex left, replacing all of into; the memory of its window is used again.
// Errors: chunk.ErrFormat, chunk.ErrLimit; into is then of no use.
func ParseHave(rest []byte, into *Have) error {
	c := cursor{b: rest}
	if Type(c.u8("type")) != TypeHave {
		c.fail(chunk.ErrFormat, "type")
	}
	into.Epoch = c.u32("epoch")
	into.Rendition = c.rendition()
	c.window(&into.Window)
	into.Anchor = c.uvarint(MaxNumber+1, "anchor")
	if c.err != nil {
		return c.wrap("have")
	}
	return nil
}

// at is byte i of the bitmap.
func at(words []uint64, i int) byte { return byte(words[i/8] >> (i % 8 * 8)) }

func appendWindow(dst []byte, w *chunk.Window) []byte {
	words := w.Words()
	from, to := 0, len(words)*8
	for to > 0 && at(words, to-1) == 0 {
		to--
	}
	if to == 0 {
		return append(appendUvarint(dst, w.Base()/8), 0)
	}
	for at(words, from) == 0 {
		from++
	}
	dst = appendUvarint(dst, w.Base()/8+uint64(from))
	dst = appendUvarint(dst, uint64(to-from))
	for i := from; i < to; {
		if n := run(words, i, to); n > 1 {
			kind := uint64(noneHeld)
			if at(words, i) == 0xff {
				kind = allHeld
			}
			dst = appendUvarint(dst, uint64(n)<<2|kind)
			i += n
			continue
		}
		n := 1
		for i+n < to && run(words, i+n, to) < 2 {
			n++
		}
		dst = appendUvarint(dst, uint64(n)<<2|asTheyAre)
		for ; n > 0; n-- {
			dst = append(dst, at(words, i))
			i++
		}
	}
	return dst
}

// run is how many bytes from i on are equal, all 0xff or all 0x00; 0 when the first is neither.
func run(words []uint64, i, to int) int {
	first := at(words, i)
	if first != 0 && first != 0xff {
		return 0
	}
	n := 1
	for i+n < to && at(words, i+n) == first {
		n++
	}
	return n
}

// window reads a window into w. It takes only what appendWindow writes, byte for byte.
func (c *cursor) window(w *chunk.Window) {
	began := c.b
	position := c.uvarint(MaxNumber/8, "window position")
	length := int(c.uvarint(maxWindowBytes, "window length"))
	skip := int(position % 8)
	if (skip+length+7)/8 > chunk.MaxWindow/64 {
		c.fail(chunk.ErrLimit, "window length")
	}
	var words [maxWindowBytes / 8]uint64
	for i := skip; i < skip+length && c.err == nil; {
		token := c.uvarint(maxWindowBytes<<2|3, "window")
		n, kind := int(token>>2), token&3
		if n == 0 || n > skip+length-i || kind > noneHeld {
			c.fail(chunk.ErrFormat, "window")
			return
		}
		var literal []byte
		if kind == asTheyAre {
			literal = c.fixed(n, "window")
		}
		for j := range n {
			b := byte(0)
			if kind == allHeld {
				b = 0xff
			} else if literal != nil {
				b = literal[j]
			}
			words[i/8] |= uint64(b) << (i % 8 * 8)
			i++
		}
	}
	if c.err != nil {
		return
	}
	base := position &^ 7 * 8
	if length == 0 {
		base = position * 8
	}
	if err := w.Set(base, words[:(skip+length+7)/8]); err != nil {
		c.fail(err, "window")
		return
	}
	var again [maxTokens]byte
	if !bytes.Equal(appendWindow(again[:0], w), began[:len(began)-len(c.b)]) {
		c.fail(chunk.ErrFormat, "window")
	}
}
