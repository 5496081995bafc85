package rendezvous

import (
	"bytes"
	"fmt"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
)

// handle takes one message of a member. An error ends its connection.
func (s *Server) handle(m *member, msg *message) error {
	switch msg.Type {
	case "addresses":
		return s.reach(m, msg.Addresses)
	case "introduce":
		s.mu.Lock()
		defer s.mu.Unlock()
		s.introduce(m, msg.Count)
	case "describe":
		return s.describe(m, msg.Descriptor)
	case "advise":
		return s.advise(m, msg.Advice)
	case "signal":
		return s.signal(m, msg.Peer, msg.Data)
	case "accuse":
		return s.accuse(m, msg.Peer)
	case "report":
		s.report(m, msg)
	case "time":
		m.conn.send(encode(&message{Type: "time", Sent: msg.Sent, Now: time.Now().UnixMicro()}))
	case "join":
		return fmt.Errorf("%w: a second join", ErrProtocol)
	}
	return nil // unknown types are of a later version
}

// reach takes the addresses of a member.
func (s *Server) reach(m *member, addresses []swarm.Address) error {
	if err := checkAddresses(addresses); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.reach(addresses)
	return nil
}

// introduce answers a member that wants candidates. The lock is held.
func (s *Server) introduce(m *member, count int) {
	m.offered = time.Now()
	candidates := m.room.candidates(m, count)
	m.conn.send(frame{"candidates", append(appendCandidates([]byte(`{"type":"candidates",`), candidates), '}')})
	s.punch(m, candidates)
}

// punch lets the candidates open their NATs towards m, which is about to dial them.
func (s *Server) punch(m *member, candidates []*member) {
	if m.punch == nil {
		return
	}
	for _, o := range candidates {
		if o.punch != nil {
			o.conn.send(frame{"punch", m.punch})
		}
	}
}

// describe takes a source's descriptor and hands a new one to everybody.
func (s *Server) describe(m *member, packed []byte) error {
	signed, err := unpack(packed)
	if err != nil {
		return err
	}
	d, err := chunk.Open(signed)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := m.room
	if m.role != swarm.Source || d.StreamID() != r.id {
		return refused("the descriptor is of another stream, or not from a source")
	}
	if r.signed != nil && d.Epoch < r.epoch || bytes.Equal(signed, r.signed) {
		return nil // told again, after a reconnect
	}
	r.describe(signed, d)
	for _, o := range r.members { // order-free: each gets the same
		if o != m {
			o.conn.send(r.news)
		}
	}
	return nil
}

// signal carries data to another member of the room; one that is gone is passed over.
func (s *Server) signal(m *member, to string, data []byte) error {
	peer, err := swarm.ParsePeerID(to)
	if err != nil {
		return err
	}
	if len(data) > MaxSignal {
		return fmt.Errorf("%w: a signal of %d bytes, at most %d", chunk.ErrLimit, len(data), MaxSignal)
	}
	f := encode(&message{Type: "signal", Peer: m.peer.Text(), Data: data})
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := m.room.members[peer]; o != nil && m.room.members[m.peer] == m {
		o.conn.send(f)
	}
	return nil
}

// report takes a member's statistics, and introduces others to one that is short of neighbours.
func (s *Server) report(m *member, msg *message) {
	if msg.Report == nil {
		return
	}
	statistics := fromReport(msg)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if now.Sub(m.reported) < reportSoonest-reportSoonest/5 {
		return
	}
	m.report, m.reported = statistics, now
	if statistics.Neighbours < min(offerBelow, len(m.room.members)-1) && now.Sub(m.offered) >= offerEvery {
		s.introduce(m, MaxCandidates/2)
	}
}
