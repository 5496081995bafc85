package chunk

import "math/bits"

// MaxWindow is the number of chunks a Window spans at most. At 1 KB a chunk it is 16 MB of stream.
const MaxWindow = 16384

// Window is the set of chunk numbers that somebody holds: every number it says nothing of, below Base or
// past its end, is not held. Its zero value is empty. It is an idempotent snapshot: the last one received
// replaces those before.
type Window struct {
	base uint64   // multiple of 64
	bits []uint64 // bit i of word w is number base + 64w + i
}

// Base is the lowest number that w can speak of.
func (w *Window) Base() uint64 { return w.base }

// End is one past the highest number held; Base when nothing is.
func (w *Window) End() uint64 {
	for i := len(w.bits) - 1; i >= 0; i-- {
		if w.bits[i] != 0 {
			return w.base + uint64(i)*64 + uint64(64-bits.LeadingZeros64(w.bits[i]))
		}
	}
	return w.base
}

// Has reports whether n is held.
func (w *Window) Has(n uint64) bool {
	if n < w.base || n-w.base >= uint64(len(w.bits))*64 {
		return false
	}
	i := n - w.base
	return w.bits[i/64]&(1<<(i%64)) != 0
}

// Add puts n in and reports whether it was new. A number below Base is refused. A number further than
// MaxWindow from Base moves Base up, and what falls out below is forgotten.
func (w *Window) Add(n uint64) bool {
	if len(w.bits) == 0 {
		w.base = n &^ 63
	}
	if n < w.base {
		return false
	}
	if n-w.base >= MaxWindow {
		w.Advance(n - MaxWindow + 64)
		if len(w.bits) == 0 {
			w.base = n &^ 63
		}
	}
	i := n - w.base
	for uint64(len(w.bits))*64 <= i {
		w.bits = append(w.bits, 0)
	}
	if w.bits[i/64]&(1<<(i%64)) != 0 {
		return false
	}
	w.bits[i/64] |= 1 << (i % 64)
	return true
}

// Remove takes n out.
func (w *Window) Remove(n uint64) {
	if w.Has(n) {
		i := n - w.base
		w.bits[i/64] &^= 1 << (i % 64)
	}
}

// Advance forgets the numbers below base, rounded down to a multiple of 64.
func (w *Window) Advance(base uint64) {
	base &^= 63
	if base <= w.base {
		return
	}
	drop := (base - w.base) / 64
	w.base = base
	if drop >= uint64(len(w.bits)) {
		w.bits = w.bits[:0]
		return
	}
	n := copy(w.bits, w.bits[drop:])
	w.bits = w.bits[:n]
}

// Count is the number of chunks held.
func (w *Window) Count() int {
	n := 0
	for _, word := range w.bits {
		n += bits.OnesCount64(word)
	}
	return n
}

// Words is the bitmap from Base up, 64 numbers a word, lowest bit first. It aliases w and is valid until w
// changes.
func (w *Window) Words() []uint64 { return w.bits }

// Set replaces the whole of w by a snapshot: base must be a multiple of 64 and words at most MaxWindow/64
// long, or ErrFormat or ErrLimit is returned and w is unchanged. words is copied.
func (w *Window) Set(base uint64, words []uint64) error {
	if base%64 != 0 {
		return ErrFormat
	}
	if len(words) > MaxWindow/64 {
		return limit("window words", len(words), MaxWindow/64)
	}
	w.base = base
	w.bits = append(w.bits[:0], words...)
	return nil
}

// lower moves Base down so that n can be added, unless the window would span more than MaxWindow.
func (w *Window) lower(n uint64) {
	base := n &^ 63
	if len(w.bits) == 0 || base >= w.base {
		return
	}
	more := (w.base - base) / 64
	if more+uint64(len(w.bits)) > MaxWindow/64 {
		return
	}
	old := len(w.bits)
	for range more {
		w.bits = append(w.bits, 0)
	}
	copy(w.bits[more:], w.bits[:old])
	clear(w.bits[:more])
	w.base = base
}
