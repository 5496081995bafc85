package chunk

// slot holds one chunk of a group; its payload is nil until it is there, and never after.
type slot struct {
	proof, payload []byte
}

// GroupState is a group of which at least one chunk is held. It is read only, and valid until the store's next
// Insert or Evict.
type GroupState struct {
	header GroupHeader
	slots  []slot // by index, parity included
	held   int    // slots that are filled
	data   int    // of those, data
}

// Header is the group's header, read only.
func (g *GroupState) Header() *GroupHeader { return &g.header }

// Held is how many chunks are held, parity included.
func (g *GroupState) Held() int { return g.held }

// Data is how many data chunks are held.
func (g *GroupState) Data() int { return g.data }

// Complete reports whether all data chunks are held.
func (g *GroupState) Complete() bool { return g.data == int(g.header.Data) }

// Has reports whether the chunk at index is held; an index outside of the group is not.
func (g *GroupState) Has(index int) bool {
	return index >= 0 && index < len(g.slots) && g.slots[index].payload != nil
}

// Chunk is the chunk at index, when it is held.
func (g *GroupState) Chunk(index int) (Chunk, bool) {
	if !g.Has(index) {
		return Chunk{}, false
	}
	s := &g.slots[index]
	return Chunk{Header: g.header, Index: uint16(index), Proof: s.proof, Payload: s.payload}, true
}

// Assemble is the payload of a complete group, newly allocated; the caller owns it. It is never nil when ok, and
// empty where chunks carry no payload (the simulator).
func (g *GroupState) Assemble() (payload []byte, ok bool) {
	if !g.Complete() {
		return nil, false
	}
	n := 0
	for i := range g.slots[:g.header.Data] {
		n += len(g.slots[i].payload)
	}
	payload = make([]byte, 0, n)
	for i := range g.slots[:g.header.Data] {
		payload = append(payload, g.slots[i].payload...)
	}
	return payload, true
}

func (g *GroupState) put(c *Chunk) {
	payload := c.Payload
	if payload == nil {
		payload = make([]byte, 0)
	}
	g.slots[c.Index] = slot{proof: c.Proof, payload: payload}
	g.held++
	if int(c.Index) < int(g.header.Data) {
		g.data++
	}
}

func (g *GroupState) end() uint64 { return g.header.First + uint64(len(g.slots)) }

func (g *GroupState) cost() int { return groupCost + slotCost*len(g.slots) }

// Chunk is the chunk of that number, when it is held.
func (s *Store) Chunk(number uint64) (Chunk, bool) {
	if g := s.of(number); g != nil {
		return g.Chunk(int(number - g.header.First))
	}
	return Chunk{}, false
}

// Has reports whether the chunk of that number is held.
func (s *Store) Has(number uint64) bool {
	g := s.of(number)
	return g != nil && g.Has(int(number-g.header.First))
}

// Of is the group that the chunk of that number belongs to, held or not; nil when nothing of the group is held.
func (s *Store) Of(number uint64) *GroupState { return s.of(number) }

func (s *Store) of(number uint64) *GroupState {
	low, high := 0, len(s.groups)
	for low < high { // the first group that ends after number
		if mid := (low + high) / 2; s.groups[mid].end() <= number {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low < len(s.groups) && s.groups[low].header.First <= number {
		return s.groups[low]
	}
	return nil
}

// Group is what is held of a group; false when nothing is.
func (s *Store) Group(group uint64) (*GroupState, bool) {
	i, ok := s.search(group)
	if !ok {
		return nil, false
	}
	return s.groups[i], true
}

// Assemble is the payload of a group, see GroupState.Assemble; false when it is not complete.
func (s *Store) Assemble(group uint64) (payload []byte, ok bool) {
	g, ok := s.Group(group)
	if !ok {
		return nil, false
	}
	return g.Assemble()
}

// From lists the groups of which something is held, from group on, in ascending order. The slice is the
// store's: read only, valid until the next Insert or Evict.
func (s *Store) From(group uint64) []*GroupState {
	i, _ := s.search(group)
	return s.groups[i:]
}

// Oldest is the oldest group of which something is held; nil when the store is empty.
func (s *Store) Oldest() *GroupState {
	if len(s.groups) == 0 {
		return nil
	}
	return s.groups[0]
}

// Newest is the newest group of which something is held; nil when the store is empty.
func (s *Store) Newest() *GroupState {
	if len(s.groups) == 0 {
		return nil
	}
	return s.groups[len(s.groups)-1]
}

// NewestRandomAccess is the newest group held, in whole or in part, at which decoding can begin; nil when there
// is none.
func (s *Store) NewestRandomAccess() *GroupState {
	for i := len(s.groups) - 1; i >= 0; i-- {
		if s.groups[i].header.RandomAccess {
			return s.groups[i]
		}
	}
	return nil
}

// Window is the set of chunks held. It is the store's: read only, valid until the next Insert or Evict. Of a
// group of more than MaxWindow-64 chunks it may leave out the first ones.
func (s *Store) Window() *Window { return &s.window }

// Floor is the lowest chunk number that Insert would still take.
func (s *Store) Floor() uint64 { return s.floor }

// Bytes is what the store counts against MaxBytes.
func (s *Store) Bytes() int { return s.bytes }
