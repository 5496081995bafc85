package chunk

import (
	"encoding/binary"
	"testing"
	"time"
)

// FuzzStore feeds a store with headers that contradict each other, and holds it to its bounds: bytes, order of
// groups, agreement of window, counts and holdings.
func FuzzStore(f *testing.F) {
	f.Add([]byte{})
	seed := make([]byte, 0, 200)
	for i := range byte(12) {
		seed = append(seed, i/3, 0, i/3*4, i%3, 4, 1, 40, i/3, 0, i)
	}
	f.Add(seed)
	f.Add([]byte{1, 0, 1, 0, 1, 0, 10, 0, 0, 0, 2, 0xff, 0xff, 0, 255, 9, 255, 200, 3, 9, 0, 0, 0, 0, 1, 0, 10, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		const most = 6000
		s := NewStore(StoreConfig{MaxBytes: most, Span: time.Second})
		for ; len(b) >= 10; b = b[10:] {
			if b[9] == 255 {
				s.Evict(time.Duration(b[7]) * 100 * time.Millisecond)
				continue
			}
			h := GroupHeader{
				Group: uint64(b[0]), First: uint64(binary.BigEndian.Uint16(b[1:])) * uint64(1+b[8]), Data: uint16(b[4]),
				Parity: uint16(b[5]), Size: uint32(b[6]) * 10, Time: time.Duration(b[7]) * 100 * time.Millisecond,
				Born: int64(b[8] % 2),
			}
			c := &Chunk{Header: h, Index: uint16(b[3])}
			if b[8]%3 != 0 && h.Valid() == nil {
				c.Payload = make([]byte, c.Length())
			}
			n := h.First + uint64(c.Index)
			before := s.Has(n)
			got := s.Insert(c)
			if got == New && (before || !s.Has(n)) || got == Duplicate && !before || got == Stale && s.Has(n) && !before {
				t.Fatalf("%v: chunk %d held before %v, after %v", got, n, before, s.Has(n))
			}
			check(t, s, most)
		}
	})
}

func check(t *testing.T, s *Store, most int) {
	t.Helper()
	bytes, held, end, last := 0, 0, s.Floor(), int64(-1)
	for _, g := range s.From(0) {
		h := g.Header()
		if h.First < end || int64(h.Group) <= last || g.Held() == 0 {
			t.Fatalf("group %d from %d, after group %d up to %d; %d chunks held", h.Group, h.First, last, end, g.Held())
		}
		end, last = h.First+uint64(h.Total()), int64(h.Group)
		n := 0
		for i := range h.Total() {
			if c, ok := g.Chunk(i); ok {
				n++
				bytes += len(c.Payload) + len(c.Proof)
				if number := c.ID().Number; !s.Has(number) || !s.Window().Has(number) {
					t.Fatalf("chunk %d is in its group alone", number)
				}
			}
		}
		if n != g.Held() || g.Data() > n {
			t.Fatalf("group %d: %d chunks, counted %d", h.Group, n, g.Held())
		}
		bytes += g.cost()
		held += n
	}
	if bytes != s.Bytes() || len(s.From(0)) > 1 && bytes > most {
		t.Fatalf("%d bytes, counted %d, at most %d", bytes, s.Bytes(), most)
	}
	if s.Window().Count() != held {
		t.Fatalf("window of %d, %d chunks held", s.Window().Count(), held)
	}
}
