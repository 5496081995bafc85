package rendezvous

import (
	"cmp"
	"crypto/ed25519"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
)

// Stream is one stream of a server.
type Stream struct {
	Name      string
	ID        chunk.StreamID
	Publisher ed25519.PublicKey
	Epoch     uint32
	Signed    []byte // newest descriptor; nil before the first
	Tracks    []chunk.Track
	Bitrate   uint64 // bits of media per second, as expected; 0 when unknown
	Live      bool   // a source is here
	Viewers   int
	Members   int

	packed []byte // Signed, as it travels
}

// Member is one peer of a stream as the operator sees it. Addresses stay with the server.
type Member struct {
	Peer   swarm.PeerID
	Role   swarm.Role
	Joined time.Time
	Report node.Statistics // the last one; what a peer says of itself
}

// Totals sum up what the viewers of a stream have reported.
type Totals struct {
	Playing     int     `json:"playing"`            // viewers
	DelayP50MS  float64 `json:"delay_p50_ms"`       // over the viewers that play
	DelayP95MS  float64 `json:"delay_p95_ms"`       //
	FromPeers   float64 `json:"from_peers"`         // share of useful bytes that other viewers sent, mean
	Continuity  float64 `json:"continuity"`         // mean
	SourceBps   float64 `json:"source_bps"`         // wire bits that leave the sources, per second
	SourceCap   float64 `json:"source_cap_bps"`     // 0 for none
	DownBps     float64 `json:"down_bps"`           // wire bits that reach a viewer, mean
	DialSuccess float64 `json:"dial_success"`       // dials that ended with a link / dials that ended, all members
	StaleReport int     `json:"stale"`              // viewers that have not reported for a while
	Policies    []Arm   `json:"policies,omitempty"` // how the viewers of each policy fare, while one is tested
}

// Arm is one side of a test of policies.
type Arm struct {
	Policy     string  `json:"policy"`       // its label; "other" for viewers that use neither
	Playing    int     `json:"playing"`      // viewers
	DelayP50MS float64 `json:"delay_p50_ms"` // over them
	DelayP95MS float64 `json:"delay_p95_ms"`
	FromPeers  float64 `json:"from_peers"` // mean
	Continuity float64 `json:"continuity"` // mean
}

// Swarm is a stream with its members.
type Swarm struct {
	Stream  Stream
	Totals  Totals
	Members []Member // sources, then helpers, then viewers, by when they joined
}

// staleAfter is when a report tells no longer how a member is.
const staleAfter = 15 * time.Second

// Streams lists what is published here, by name.
func (s *Server) Streams() []Stream {
	s.mu.Lock()
	list := make([]Stream, 0, len(s.rooms))
	for _, r := range s.rooms { // order-free: sorted below
		list = append(list, r.snapshot())
	}
	s.mu.Unlock()
	slices.SortFunc(list, func(a, b Stream) int { return cmp.Compare(a.Name, b.Name) })
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
	return Stream{
		Name: r.name, ID: r.id, Publisher: r.publisher, Epoch: r.epoch, Signed: r.signed, packed: r.packed,
		Tracks: r.tracks, Bitrate: r.bitrate, Live: r.live(),
		Viewers: len(r.roles[swarm.Viewer]), Members: len(r.members),
	}
}

// Swarm looks at a stream and all its members, of whom it lists at most most; ok says whether the stream is known here.
// It costs time in proportion to the members: call it once a second, not once a visitor.
func (s *Server) Swarm(name string, most int) (_ Swarm, ok bool) {
	s.mu.Lock()
	r := s.rooms[name]
	if r == nil {
		s.mu.Unlock()
		return Swarm{}, false
	}
	sw := Swarm{Stream: r.snapshot()}
	now := time.Now()
	sums := sums{labels: r.advice.labels()}
	for _, list := range r.roles {
		for _, m := range list {
			sums.add(m, now)
			if len(sw.Members) < most {
				sw.Members = append(sw.Members, Member{Peer: m.peer, Role: m.role, Joined: m.joined, Report: m.report})
			}
		}
	}
	s.mu.Unlock()
	sw.Totals = sums.totals()
	slices.SortFunc(sw.Members, func(a, b Member) int {
		return cmp.Or(cmp.Compare(a.Role, b.Role), a.Joined.Compare(b.Joined), slices.Compare(a.Peer[:], b.Peer[:]))
	})
	return sw, true
}
