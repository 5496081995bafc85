package chunk

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

// header is group number of a plain stream: 10 groups a second, 8 data and 2 parity chunks, 100 bytes a chunk.
func header(number int) GroupHeader {
	return GroupHeader{
		Epoch: 1, Group: uint64(number), First: uint64(number) * 10, Data: 8, Parity: 2, Size: 795,
		Time: time.Duration(number) * 100 * time.Millisecond, Span: 100 * time.Millisecond,
		RandomAccess: number%10 == 0,
	}
}

func chunkOf(h GroupHeader, index int) *Chunk {
	c := &Chunk{Header: h, Index: uint16(index), Proof: []byte("proof")}
	c.Payload = bytes.Repeat([]byte{byte(index + 1)}, c.Length())
	return c
}

func fill(t *testing.T, s *Store, number int) {
	t.Helper()
	for i := range 10 {
		if got := s.Insert(chunkOf(header(number), i)); got != New {
			t.Fatalf("group %d, chunk %d: %v", number, i, got)
		}
	}
}

func TestStoreAssemblesAGroupInAnyOrder(t *testing.T) {
	s := NewStore(StoreConfig{})
	var want []byte
	for i := range 8 {
		want = append(want, chunkOf(header(4), i).Payload...)
	}
	for k, i := range []int{7, 9, 0, 3, 1, 6, 2, 5, 4} {
		if _, ok := s.Assemble(4); ok {
			t.Fatalf("complete after %d chunks", k)
		}
		if got := s.Insert(chunkOf(header(4), i)); got != New {
			t.Fatal(got)
		}
		if got := s.Insert(chunkOf(header(4), i)); got != Duplicate {
			t.Fatal(got)
		}
		g, ok := s.Group(4)
		if !ok || g.Held() != k+1 || *g.Header() != header(4) || !g.Has(i) || g.Has(8) {
			t.Fatalf("after %d chunks: %+v", k+1, g)
		}
	}
	if got, ok := s.Assemble(4); !ok || !bytes.Equal(got, want) {
		t.Errorf("payload %x, want %x", got, want)
	}
	c, ok := s.Chunk(43)
	if !ok || c.Index != 3 || c.ID().Number != 43 || c.Payload[0] != 4 || string(c.Proof) != "proof" {
		t.Errorf("chunk 43: %+v, %v", c, ok)
	}
	if _, ok := s.Chunk(48); ok || s.Has(48) || s.Has(39) || s.Has(50) || s.Has(1<<64-1) {
		t.Error("holds what was never put in")
	}
	if g := s.Of(48); g == nil || g.Header().Group != 4 || s.Of(50) != nil {
		t.Error("Of does not find the group of a chunk that is missing")
	}
}

func TestStoreTakesGroupsInAnyOrder(t *testing.T) {
	s := NewStore(StoreConfig{})
	if s.Newest() != nil || s.Oldest() != nil || s.NewestRandomAccess() != nil || len(s.From(0)) != 0 {
		t.Error("an empty store has groups")
	}
	for _, n := range []int{112, 115, 101, 110, 109, 104} {
		fill(t, s, n)
	}
	var got []uint64
	for _, g := range s.From(104) {
		got = append(got, g.Header().Group)
	}
	if want := []uint64{104, 109, 110, 112, 115}; len(got) != len(want) {
		t.Fatalf("groups %v, want %v", got, want)
	} else {
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("groups %v, want %v", got, want)
			}
		}
	}
	if s.Newest().Header().Group != 115 || s.Oldest().Header().Group != 101 || s.NewestRandomAccess().Header().Group != 110 {
		t.Error("newest, oldest or random access group is another")
	}
	if s.Window().Count() != 60 || !s.Window().Has(1010) || s.Window().End() != 1160 {
		t.Errorf("window: %d chunks up to %d", s.Window().Count(), s.Window().End())
	}
}

func TestStoreDropsWhatIsOlderThanItsSpan(t *testing.T) {
	s := NewStore(StoreConfig{Span: time.Second})
	for n := range 30 {
		fill(t, s, n)
	}
	s.Evict(2500 * time.Millisecond)
	if got := s.Oldest().Header().Group; got != 14 { // ends at 1.5 s
		t.Errorf("oldest group %d, want 14", got)
	}
	if s.Floor() != 140 || s.Window().Has(139) || !s.Window().Has(140) {
		t.Errorf("floor %d", s.Floor())
	}
	if got := s.Insert(chunkOf(header(13), 0)); got != Stale {
		t.Errorf("a dropped chunk came back: %v", got)
	}
	s.Evict(time.Hour)
	if len(s.From(0)) != 1 || s.Newest().Header().Group != 29 {
		t.Errorf("%d groups after an hour, want the newest", len(s.From(0)))
	}
	s.Evict(0)
	late := header(40)
	late.Time = 2 * time.Second
	if got := s.Insert(chunkOf(late, 0)); got != Stale {
		t.Errorf("a group that is over: %v", got)
	}
}

func TestStoreStaysWithinItsBytes(t *testing.T) {
	const most = 20_000
	s := NewStore(StoreConfig{MaxBytes: most})
	for n := range 100 {
		fill(t, s, n)
		if s.Bytes() > most {
			t.Fatalf("%d bytes after group %d", s.Bytes(), n)
		}
	}
	if got := s.Insert(chunkOf(header(3), 0)); got != Stale {
		t.Errorf("a dropped chunk came back: %v", got)
	}
	if s.Newest().Header().Group != 99 || !s.Newest().Complete() {
		t.Error("the newest group went")
	}
	// Headers that promise many chunks count, and one group may be over the limit by itself.
	wide := header(100)
	wide.Data, wide.Size, wide.Parity = 16000, 16000*500, 0
	if got := s.Insert(chunkOf(wide, 5)); got != New || len(s.From(0)) != 1 {
		t.Errorf("%v, %d groups", got, len(s.From(0)))
	}
}

func TestStoreSpansNoMoreThanAWindow(t *testing.T) {
	s := NewStore(StoreConfig{})
	for _, n := range []int{0, 800, 1600, 2400} {
		fill(t, s, n)
	}
	if got := s.Oldest().Header().Group; got != 800 {
		t.Errorf("oldest group %d, want 800", got)
	}
	if got := s.Insert(chunkOf(header(760), 0)); got != Stale {
		t.Errorf("out of reach: %v", got)
	}
	far := header(2401)
	far.First = 1 << 61
	if got := s.Insert(chunkOf(far, 0)); got != New || len(s.From(0)) != 1 || s.Window().Count() != 1 {
		t.Errorf("a leap: %v, %d groups", got, len(s.From(0)))
	}
}

func TestStoreRefuses(t *testing.T) {
	s := NewStore(StoreConfig{})
	for _, n := range []int{20, 22, 24} {
		fill(t, s, n)
	}
	before := s.Bytes()
	for name, c := range map[string]struct { // order-free: nothing is taken
		change func(*Chunk)
		want   Inserted
	}{
		"another header of a group held":    {func(c *Chunk) { c.Header.Born++ }, Conflict},
		"numbers of the group before":       {func(c *Chunk) { c.Header.Group, c.Header.First = 23, 229 }, Conflict},
		"numbers of the group after":        {func(c *Chunk) { c.Header.Group, c.Header.First = 23, 231 }, Conflict},
		"a later group with earlier chunks": {func(c *Chunk) { c.Header.Group, c.Header.First = 30, 100 }, Conflict},
		"an earlier group, later chunks":    {func(c *Chunk) { c.Header.Group, c.Header.First = 10, 500 }, Conflict},
		"an index outside of the group":     {func(c *Chunk) { c.Index = 10 }, Malformed},
		"a payload that is too short":       {func(c *Chunk) { c.Payload = c.Payload[:50] }, Malformed},
		"a group of no chunks":              {func(c *Chunk) { c.Header.Group, c.Header.Data = 30, 0 }, Malformed},
		"a new group with a bad index": {func(c *Chunk) {
			c.Header.Group, c.Header.First, c.Index = 30, 300, 11
		}, Malformed},
	} {
		ch := chunkOf(header(22), 3)
		c.change(ch)
		if got := s.Insert(ch); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	if s.Bytes() != before || len(s.From(0)) != 3 {
		t.Errorf("a refused chunk was kept: %d bytes, %d groups", s.Bytes(), len(s.From(0)))
	}
}

func TestStoreHoldsChunksWithoutPayload(t *testing.T) {
	s := NewStore(StoreConfig{})
	for i := range 8 {
		c := chunkOf(header(1), i)
		c.Payload, c.Proof = nil, nil
		if got := s.Insert(c); got != New {
			t.Fatal(got)
		}
		if got := s.Insert(c); got != Duplicate {
			t.Fatal(got)
		}
	}
	if got, ok := s.Assemble(1); !ok || got == nil || len(got) != 0 {
		t.Errorf("payload %v, %v", got, ok)
	}
}

func TestStoreAgreesWithAMap(t *testing.T) {
	const seed = 20260803
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	for range 12 {
		s := NewStore(StoreConfig{MaxBytes: 10_000 + rng.IntN(100_000), Span: 3 * time.Second})
		held := map[uint64]bool{}
		live := 100
		for range 1500 {
			if rng.IntN(15) == 0 {
				live++
				s.Evict(time.Duration(live) * 100 * time.Millisecond)
			}
			h := header(max(0, live-rng.IntN(45)))
			c := chunkOf(h, rng.IntN(10))
			n := c.ID().Number
			switch got := s.Insert(c); {
			case got == Duplicate != held[n] && got != Stale:
				t.Fatalf("%d: %v, held %v", n, got, held[n])
			case got == New:
				held[n] = true
			}
			bytesHeld, groups := 0, map[uint64]bool{}
			for m := range held { // order-free: sums
				if m < s.Floor() {
					delete(held, m)
					continue
				}
				groups[m/10] = true
				bytesHeld += len(chunkOf(header(int(m/10)), int(m%10)).Payload) + len("proof")
				if !s.Has(m) || !s.Window().Has(m) {
					t.Fatalf("%d was lost", m)
				}
			}
			if want := bytesHeld + len(groups)*(groupCost+10*slotCost); s.Bytes() != want {
				t.Fatalf("%d bytes, want %d", s.Bytes(), want)
			}
			if s.Window().Count() != len(held) || len(s.From(0)) != len(groups) {
				t.Fatalf("%d chunks in %d groups, want %d in %d", s.Window().Count(), len(s.From(0)), len(held), len(groups))
			}
		}
	}
}

func TestStoreAllocatesNothingInTheSteadyState(t *testing.T) {
	s := NewStore(StoreConfig{})
	c := chunkOf(header(0), 0)
	next := 0
	group := func() {
		c.Header = header(next)
		next++
		for i := range 8 {
			c.Index = uint16(i)
			if c.Payload = c.Payload[:0]; s.Insert(c) != New {
				t.Error("not new")
			}
		}
		s.Evict(c.Header.Time)
	}
	for range 200 {
		group()
	}
	if n := testing.AllocsPerRun(200, group); n > 0.5 {
		t.Errorf("%v allocations a group", n)
	}
}

func BenchmarkStoreInsert(b *testing.B) {
	s := NewStore(StoreConfig{})
	c := chunkOf(header(0), 0)
	c.Payload = nil
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		c.Header, c.Index = header(i/10), uint16(i%10)
		if s.Insert(c) != New {
			b.Fatal("not new")
		}
		if i%10 == 0 {
			s.Evict(c.Header.Time)
		}
		i++
	}
}

func TestGroupHeaderIsRefusedWhenItContradictsItself(t *testing.T) {
	for name, change := range map[string]func(*GroupHeader){ // order-free: each on its own
		"no data":                  func(h *GroupHeader) { h.Data = 0 },
		"too many chunks":          func(h *GroupHeader) { h.Data, h.Parity, h.Size = MaxChunks, 1, MaxGroupSize },
		"no bytes":                 func(h *GroupHeader) { h.Size = 0 },
		"too many bytes":           func(h *GroupHeader) { h.Size = MaxGroupSize + 1 },
		"more chunks than bytes":   func(h *GroupHeader) { h.Size = 7 },
		"a last slice of no bytes": func(h *GroupHeader) { h.Size = 10 }, // slices of 2: five are enough
		"slices above MaxPayload":  func(h *GroupHeader) { h.Data, h.Size = 1, MaxPayload+1 },
		"time before the epoch":    func(h *GroupHeader) { h.Time = -1 },
		"a span above an hour":     func(h *GroupHeader) { h.Span = 2 * time.Hour },
		"a number above 2^62":      func(h *GroupHeader) { h.First = 1<<62 + 1 },
	} {
		h := header(1)
		if change(&h); h.Valid() == nil {
			t.Errorf("%s: valid", name)
		}
	}
	if h := header(1); h.Valid() != nil {
		t.Error(h.Valid())
	}
}
