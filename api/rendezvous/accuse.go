package rendezvous

import (
	"math/rand/v2"
	"net/netip"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// now is the jury's time.
func (r *room) now() time.Duration { return time.Since(r.born) }

// stand gives a member that joins from addr its standing: that which it had, where it is accused.
func (r *room) stand(m *member, addr netip.Addr) {
	if m.standing = r.jury.Recall(r.now(), m.peer); m.standing == nil {
		m.standing = &swarm.Standing{Peer: m.peer, Role: m.role, Origin: origin(addr)}
	}
}

// accuse weighs a member's word against another, and tells those that the accused may dial.
func (s *Server) accuse(m *member, of string) error {
	peer, err := swarm.ParsePeerID(of)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := m.room
	o := r.members[peer]
	if o == nil || r.members[m.peer] != m || !r.jury.Accuse(r.now(), m.standing, o.standing, len(r.members)) {
		return nil
	}
	s.cfg.Log.Warn("a member is accused of forging", "stream", r.name, "peer", peer)
	suspect := encode(&message{Type: "suspect", Peer: peer.Text()})
	for _, told := range r.told(o) {
		told.conn.send(suspect)
	}
	return nil
}

// told are those who are to hear that o is accused: whom it was told of, and others, since neighbours introduce theirs to each
// other. Sources take no chunks.
func (r *room) told(o *member) []*member {
	list := make([]*member, 0, min(swarm.JuryTells, len(r.members)))
	for _, met := range o.standing.Met() {
		if len(r.members) <= swarm.JuryTells {
			break // they are among the others
		}
		if m := r.members[met.Peer]; m != nil && m.role != swarm.Source {
			list = append(list, m)
		}
	}
	list = fill(list, r.roles[swarm.Helper], o)
	return fill(list, r.roles[swarm.Viewer], o)
}

// fill appends members from a random place on, but for o, until there are as many as are told. Those whom o was told of may be
// twice among them.
func fill(list, from []*member, o *member) []*member {
	if len(from) == 0 {
		return list
	}
	at := rand.IntN(len(from))
	for i := range from {
		if m := from[(at+i)%len(from)]; m != o && len(list) < swarm.JuryTells {
			list = append(list, m)
		}
	}
	return list
}

// origin is the network of an address, of which one accuser counts: who has one address of it may well have more. Those of
// this machine or a private network are not told apart by it.
func origin(a netip.Addr) string {
	bits := 24
	switch {
	case !a.IsGlobalUnicast() || a.IsPrivate():
		return ""
	case a.Is6():
		bits = 48
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}
