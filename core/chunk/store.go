package chunk

import (
	"slices"
	"time"
)

// StoreConfig bounds a Store.
type StoreConfig struct {
	MaxBytes int           // of payloads, proofs and bookkeeping; default 32 MiB
	Span     time.Duration // media kept behind the time given to Evict; default 4 s
}

// Inserted is what became of a chunk.
type Inserted uint8

const (
	// New means that the chunk is held from now on.
	New Inserted = iota
	// Duplicate means that it was held already.
	Duplicate
	// Stale means that it is older than what is kept.
	Stale
	// Conflict means that its header disagrees with the groups held: the publisher, who signs each, made
	// two different streams of one epoch. It is not kept.
	Conflict
	// Malformed means that its header, index or length is not possible. It is not kept.
	Malformed
)

// String is the outcome in lower case.
func (i Inserted) String() string {
	switch i {
	case New:
		return "new"
	case Duplicate:
		return "duplicate"
	case Stale:
		return "stale"
	case Conflict:
		return "conflict"
	case Malformed:
		return "malformed"
	}
	return "unknown"
}

// What the bookkeeping of a group and of each of its chunks counts for, in bytes.
const (
	groupCost = 192
	slotCost  = 48
)

// reach is how many chunk numbers a Store spans, so that a Window, whose base is a multiple of 64, can hold them.
const reach = MaxWindow - 64

// Store holds the chunks of the last few seconds of one epoch and rendition. Its bounds:
//
//   - bytes: beyond MaxBytes the oldest group goes, whole, and the next, until it fits. The newest group stays
//     whatever its size, so that the store never holds more than MaxBytes and one group;
//   - media time: Evict drops what is older than Span;
//   - chunk numbers: no more than a Window spans.
//
// What was dropped does not come back: chunks older than the newest group dropped are Stale. Groups follow one
// another: their numbers and those of their chunks ascend together, or the later arrival is a Conflict.
//
// Payloads and proofs are kept by reference and must not change. A group costs no allocation in the steady state:
// dropped groups are used again. Chunks are not verified here, and must be before. Not safe for concurrent use.
type Store struct {
	cfg        StoreConfig
	groups     []*GroupState // ascending
	ends       []uint64      // of groups: one past the number of the last chunk
	window     Window
	bytes      int
	floor      uint64        // chunk numbers below are stale
	floorGroup uint64        // groups below are stale
	floorTime  time.Duration // groups that end before it are stale
	spare      []*GroupState // dropped groups, to be used again; at most maxSpare
}

const maxSpare = 4

// NewStore makes an empty store. Values that are not above zero mean the default.
func NewStore(cfg StoreConfig) *Store {
	if cfg.MaxBytes <= 0 {
		cfg.MaxBytes = 32 << 20
	}
	if cfg.Span <= 0 {
		cfg.Span = 4 * time.Second
	}
	return &Store{cfg: cfg}
}

// Insert takes a verified chunk; c itself is not kept. It may drop older groups to keep the bounds.
func (s *Store) Insert(c *Chunk) Inserted {
	h := &c.Header
	if h.Group < s.floorGroup {
		return Stale
	}
	i, found := s.search(h.Group)
	switch {
	case found && s.groups[i].header != *h:
		return Conflict
	case !found && h.Valid() != nil, !c.fits():
		return Malformed
	case !found:
		if outcome := s.begin(i, h); outcome != New {
			return outcome
		}
		i, _ = s.search(h.Group) // older ones may have gone
	}
	g := s.groups[i]
	if g.Has(int(c.Index)) {
		return Duplicate
	}
	g.put(c)
	s.bytes += len(c.Payload) + len(c.Proof)
	n := h.First + uint64(c.Index)
	s.window.lower(n)
	s.window.Add(n)
	for s.bytes > s.cfg.MaxBytes && len(s.groups) > 1 {
		s.evict()
	}
	if n < s.floor {
		return Stale // it was the oldest itself
	}
	return New
}

// fits reports whether c's index and length are what its header, which is valid, allows.
func (c *Chunk) fits() bool {
	return int(c.Index) < c.Header.Total() && (len(c.Payload) == 0 || len(c.Payload) == c.Length())
}

// begin makes room at i for the group of h, which is not held. Groups that it pushes out of reach go.
func (s *Store) begin(i int, h *GroupHeader) Inserted {
	end := h.First + uint64(h.Total())
	switch {
	case h.First < s.floor || h.Time+h.Span < s.floorTime:
		return Stale
	case i > 0 && s.ends[i-1] > h.First:
		return Conflict
	case i < len(s.groups) && s.groups[i].header.First < end:
		return Conflict
	case i < len(s.groups) && s.ends[len(s.ends)-1]-h.First > reach:
		return Stale
	}
	g := s.fresh(h)
	s.groups, s.ends = slices.Insert(s.groups, i, g), slices.Insert(s.ends, i, end)
	s.bytes += g.cost()
	for s.groups[0] != g && end-s.groups[0].header.First > reach {
		s.evict()
	}
	return New
}

// search finds where group is among those held, or would be.
func (s *Store) search(group uint64) (int, bool) {
	if n := len(s.groups); n > 0 && s.groups[n-1].header.Group <= group { // most chunks are of the newest
		if s.groups[n-1].header.Group == group {
			return n - 1, true
		}
		return n, false
	}
	return slices.BinarySearchFunc(s.groups, group, func(g *GroupState, n uint64) int {
		switch {
		case g.header.Group < n:
			return -1
		case g.header.Group > n:
			return 1
		}
		return 0
	})
}

// Evict drops the groups that ended more than Span before now, a media time. The newest stays.
func (s *Store) Evict(now time.Duration) {
	s.floorTime = max(s.floorTime, now-s.cfg.Span)
	for len(s.groups) > 1 && s.groups[0].header.Time+s.groups[0].header.Span < s.floorTime {
		s.evict()
	}
}

// evict drops the oldest group, for good.
func (s *Store) evict() {
	h := &s.groups[0].header
	s.floor, s.floorGroup = h.First+uint64(h.Total()), h.Group+1
	s.drop(0)
	s.window.Advance(s.floor)
}

// drop takes group i out.
func (s *Store) drop(i int) {
	g := s.groups[i]
	for k := range g.header.Total() {
		if g.Has(k) {
			s.bytes -= g.bytes(k)
			s.window.Remove(g.header.First + uint64(k))
		}
	}
	s.bytes -= g.cost()
	s.groups, s.ends = slices.Delete(s.groups, i, i+1), slices.Delete(s.ends, i, i+1)
	clear(g.slots)
	if len(s.spare) < maxSpare {
		s.spare = append(s.spare, g)
	}
}

// fresh is a group of h that holds nothing.
func (s *Store) fresh(h *GroupHeader) *GroupState {
	var g *GroupState
	if n := len(s.spare); n > 0 {
		g = s.spare[n-1]
		s.spare[n-1] = nil
		s.spare = s.spare[:n-1]
	} else {
		g = new(GroupState)
	}
	further := g.further[:0]
	for range (h.Total() - 1) / 64 {
		further = append(further, 0)
	}
	*g = GroupState{header: *h, further: further, slots: g.slots[:0]}
	return g
}
