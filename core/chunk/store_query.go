package chunk

// slot holds one chunk of a group.
type slot struct {
	proof, payload []byte
}

// GroupState is a group of which at least one chunk is held. It is read only, and valid until the store's next
// Insert or Evict.
//
// As long as its chunks carry no payload and have all the same proof, as those of a simulator, a chunk costs one bit.
type GroupState struct {
	header  GroupHeader
	held    uint16   // chunks that are held, parity included
	data    uint16   // of those, data
	first   uint64   // which of the first 64 chunks are held, the lowest bit first
	further []uint64 // likewise of those after them
	proof   []byte   // of all that are held, while there are no slots
	slots   []slot   // by index, parity included; empty until one has a payload or a proof of its own
}

// Header is the group's header, read only.
func (g *GroupState) Header() *GroupHeader { return &g.header }

// Held is how many chunks are held, parity included.
func (g *GroupState) Held() int { return int(g.held) }

// Data is how many data chunks are held.
func (g *GroupState) Data() int { return int(g.data) }

// Complete reports whether all data chunks are held.
func (g *GroupState) Complete() bool { return g.data == g.header.Data }

// Has reports whether the chunk at index is held; an index outside of the group is not.
func (g *GroupState) Has(index int) bool {
	switch {
	case uint(index) < 64:
		return g.first&(1<<index) != 0
	case index < 0 || index >= g.header.Total():
		return false
	}
	return g.further[index/64-1]&(1<<(index%64)) != 0
}

// Chunk is the chunk at index, when it is held.
func (g *GroupState) Chunk(index int) (Chunk, bool) {
	if !g.Has(index) {
		return Chunk{}, false
	}
	var c Chunk
	g.load(index, &c)
	return c, true
}

// load copies the chunk at index, which is held.
func (g *GroupState) load(index int, c *Chunk) {
	s := g.slot(index)
	c.Header, c.Index, c.Proof, c.Payload = g.header, uint16(index), s.proof, s.payload
}

// nothing is the payload of a chunk without one: never nil.
var nothing = []byte{}

// slot is what is held at index.
func (g *GroupState) slot(index int) slot {
	if len(g.slots) == 0 {
		return slot{g.proof, nothing}
	}
	return g.slots[index]
}

// bytes is what the chunk at index takes, which is held.
func (g *GroupState) bytes(index int) int {
	s := g.slot(index)
	return len(s.payload) + len(s.proof)
}

// Assemble is the payload of a complete group, newly allocated; the caller owns it. It is never nil when ok, and
// empty where chunks carry no payload (the simulator).
func (g *GroupState) Assemble() (payload []byte, ok bool) {
	if !g.Complete() {
		return nil, false
	}
	if len(g.slots) == 0 {
		return []byte{}, true
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

// put takes in a chunk that is not held.
func (g *GroupState) put(c *Chunk) {
	i := int(c.Index)
	if len(g.slots) == 0 {
		if g.held == 0 {
			g.proof = c.Proof
		}
		if len(c.Payload) > 0 || !same(g.proof, c.Proof) {
			g.open()
		}
	}
	if len(g.slots) > 0 {
		payload := c.Payload
		if payload == nil {
			payload = nothing
		}
		g.slots[i] = slot{proof: c.Proof, payload: payload}
	}
	if i < 64 {
		g.first |= 1 << i
	} else {
		g.further[i/64-1] |= 1 << (i % 64)
	}
	g.held++
	if c.Index < g.header.Data {
		g.data++
	}
}

// open gives each chunk a slot.
func (g *GroupState) open() {
	total := g.header.Total()
	slots := g.slots
	if cap(slots) < total || cap(slots) > 4*total+64 {
		slots = make([]slot, total, total+total/4)
	}
	g.slots = slots[:total]
	for i := range g.slots {
		if g.Has(i) {
			g.slots[i] = slot{g.proof, nothing}
		}
	}
	g.proof = nil
}

// same reports whether two proofs lie in the same place.
func same(a, b []byte) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

func (g *GroupState) cost() int { return groupCost + slotCost*g.header.Total() }

// Chunk is the chunk of that number, when it is held.
func (s *Store) Chunk(number uint64) (Chunk, bool) {
	if g := s.of(number); g != nil {
		return g.Chunk(int(number - g.header.First))
	}
	return Chunk{}, false
}

// Load is Chunk into memory of the caller's: it leaves c as it is and answers false when the chunk is not held.
func (s *Store) Load(number uint64, c *Chunk) bool {
	g := s.of(number)
	if g == nil || !g.Has(int(number-g.header.First)) {
		return false
	}
	g.load(int(number-g.header.First), c)
	return true
}

// Has reports whether the chunk of that number is held.
func (s *Store) Has(number uint64) bool {
	g := s.of(number)
	return g != nil && g.Has(int(number-g.header.First))
}

// Of is the group that the chunk of that number belongs to, held or not; nil when nothing of the group is held.
func (s *Store) Of(number uint64) *GroupState { return s.of(number) }

func (s *Store) of(number uint64) *GroupState {
	low, high := 0, len(s.ends)
	for low < high { // the first group that ends after number
		if mid := (low + high) / 2; s.ends[mid] <= number {
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
