package rendezvous

import (
	"crypto/ed25519"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// room is one stream on a server: who publishes it, who is here, and the newest descriptor. The server's lock
// guards it.
type room struct {
	name      string
	id        chunk.StreamID
	publisher ed25519.PublicKey
	signed    []byte // newest descriptor, nil before the first
	epoch     uint32
	members   map[swarm.PeerID]*member
	order     []*member // the same, for picking at random
	empty     time.Time // since when it has no source
}

// member is one peer in a room.
type member struct {
	peer      swarm.PeerID
	role      swarm.Role
	addresses []swarm.Address
	room      *room
	conn      *conn
	joined    time.Time
	report    node.Statistics
	feeds     []swarm.PeerID
	position  int // in room.order
}

func (r *room) add(m *member) {
	m.room, m.position = r, len(r.order)
	r.members[m.peer] = m
	r.order = append(r.order, m)
}

func (r *room) remove(m *member) {
	if r.members[m.peer] != m {
		return
	}
	delete(r.members, m.peer)
	last := len(r.order) - 1
	r.order[m.position] = r.order[last]
	r.order[m.position].position = m.position
	r.order = r.order[:last]
}

// sources counts the members that publish.
func (r *room) sources() int {
	n := 0
	for _, m := range r.order {
		if m.role == swarm.Source {
			n++
		}
	}
	return n
}

// candidates picks at most count others for m: every source, then helpers and viewers at random.
func (r *room) candidates(m *member, count int) []*member {
	count = min(max(count, 1), MaxCandidates)
	var picked []*member
	for _, o := range r.order {
		if o != m && o.role == swarm.Source && len(o.addresses) > 0 && len(picked) < count {
			picked = append(picked, o)
		}
	}
	// A few misses are cheaper than shuffling a large room; a small room is walked from a random place.
	tries, at := 4*count, 0
	walk := len(r.order) <= tries
	if walk && len(r.order) > 0 {
		at, tries = rand.IntN(len(r.order)), len(r.order)
	}
	for i := 0; i < tries && len(picked) < count && len(r.order) > 0; i++ {
		o := r.order[(at+i)%len(r.order)]
		if !walk {
			o = r.order[rand.IntN(len(r.order))]
		}
		if o != m && o.role != swarm.Source && len(o.addresses) > 0 && !slices.Contains(picked, o) {
			picked = append(picked, o)
		}
	}
	return picked
}

func introduce(members []*member) []swarm.Candidate {
	list := make([]swarm.Candidate, len(members))
	for i, m := range members {
		list[i] = swarm.Candidate{Peer: m.peer, Role: m.role, Addresses: m.addresses}
	}
	return list
}

// Member is one peer of a stream as the operator sees it. Addresses stay with the server.
type Member struct {
	Peer   swarm.PeerID
	Role   swarm.Role
	Joined time.Time
	Feeds  []swarm.PeerID // who pushes to it
	Report node.Statistics
}

// Stream is one stream of a server.
type Stream struct {
	Name      string
	ID        chunk.StreamID
	Publisher ed25519.PublicKey
	Epoch     uint32
	Signed    []byte // newest descriptor; nil before the first
	Live      bool   // a source is here
	Viewers   int
	Members   int
}

// Streams lists what is published here, by name.
func (s *Server) Streams() []Stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Stream, 0, len(s.rooms))
	for _, r := range s.rooms {
		list = append(list, r.snapshot())
	}
	slices.SortFunc(list, func(a, b Stream) int { return compare(a.Name, b.Name) })
	return list
}

// Stream is the stream called name; ok says whether it is known here.
func (s *Server) Stream(name string) (_ Stream, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[name]
	if r == nil {
		return Stream{}, false
	}
	return r.snapshot(), true
}

func (r *room) snapshot() Stream {
	st := Stream{Name: r.name, ID: r.id, Publisher: r.publisher, Epoch: r.epoch, Signed: r.signed, Members: len(r.order)}
	for _, m := range r.order {
		switch m.role {
		case swarm.Source:
			st.Live = true
		case swarm.Viewer:
			st.Viewers++
		}
	}
	return st
}

// Members lists the peers of a stream: sources first, then by when they joined; at most most of them.
func (s *Server) Members(name string, most int) []Member {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[name]
	if r == nil {
		return nil
	}
	list := make([]Member, 0, len(r.order))
	for _, m := range r.order {
		list = append(list, Member{Peer: m.peer, Role: m.role, Joined: m.joined, Feeds: m.feeds, Report: m.report})
	}
	slices.SortFunc(list, func(a, b Member) int {
		if d := int(a.Role) - int(b.Role); d != 0 {
			return d
		}
		if d := a.Joined.Compare(b.Joined); d != 0 {
			return d
		}
		return compare(a.Peer.Text(), b.Peer.Text())
	})
	return list[:min(len(list), most)]
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
