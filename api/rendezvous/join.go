package rendezvous

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
)

// converse carries one connection from its challenge to its end, and answers why it ends.
func (s *Server) converse(c *conn, addr netip.Addr) error {
	if got := c.ws.Subprotocol(); got != Subprotocol {
		return fmt.Errorf("%w: the client does not offer the subprotocol %s", ErrProtocol, Subprotocol)
	}
	nonce := make([]byte, 32)
	if _, err := rand.Read(nonce); err != nil {
		return err
	}
	c.send(encode(&message{Type: "challenge", Nonce: nonce}))
	first, err := c.read()
	if err != nil {
		return err
	}
	m, publisher, err := s.authenticate(first, nonce)
	if err != nil {
		return err
	}
	m.conn = c
	if err := s.join(m, first, publisher, addr); err != nil {
		return err
	}
	defer s.leave(m)
	if m.role == swarm.Source {
		c.ws.SetReadLimit(MaxMessage)
	}
	var rate bucket
	for c.alive() {
		msg, err := c.read()
		if err != nil {
			return err
		}
		if err := s.handle(m, msg); err != nil {
			return err
		}
		if wait := rate.wait(time.Now(), MessagesPerSec, 4*MessagesPerSec); wait > 0 {
			pause := time.NewTimer(wait) // what the peer sends meanwhile waits in its own socket
			select {
			case <-pause.C:
			case <-c.ctx.Done():
				pause.Stop()
			}
		}
	}
	return errReplaced
}

// authenticate checks a join message against the nonce. publisher is that of a source.
func (s *Server) authenticate(j *message, nonce []byte) (m *member, publisher ed25519.PublicKey, err error) {
	if j.Type != "join" {
		return nil, nil, fmt.Errorf("%w: %q before join", ErrProtocol, j.Type)
	}
	if err := checkName(j.Name); err != nil {
		return nil, nil, err
	}
	m = new(member)
	if m.peer, err = swarm.ParsePeerID(j.Peer); err != nil {
		return nil, nil, err
	}
	if m.role, err = parseRole(j.Role); err != nil {
		return nil, nil, err
	}
	if err := checkAddresses(j.Addresses); err != nil {
		return nil, nil, err
	}
	if m.role == swarm.Source {
		key, err := swarm.ParsePeerID(j.Publisher)
		if err != nil {
			return nil, nil, fmt.Errorf("publisher: %w", err)
		}
		if _, ok := s.publishers[key]; !ok {
			return nil, nil, refused("the publisher key %s may not publish here: add it to rendezvous.publishers", key.Text())
		}
		if !ed25519.Verify(key[:], grantText(nonce, m.peer, j.Name), j.Grant) {
			return nil, nil, refused("the grant does not match the publisher's key")
		}
		publisher = key[:]
	}
	if !ed25519.Verify(m.peer[:], joinText(nonce, m.role, j.Name), j.Signature) {
		return nil, nil, refused("the signature of the join does not match the peer's key")
	}
	m.reach(j.Addresses)
	return m, publisher, nil
}

// join takes a member in, and answers it before anything else reaches it.
func (s *Server) join(m *member, j *message, publisher ed25519.PublicKey, addr netip.Addr) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	r, err := s.enter(m, j, publisher, now)
	if err != nil {
		return err
	}
	if old := r.members[m.peer]; old != nil {
		old.conn.fail(codeReplaced, "the same peer has joined again")
		s.remove(old)
	}
	if s.members >= s.cfg.Limits.Members {
		return fmt.Errorf("%w: more than %d members", chunk.ErrLimit, s.cfg.Limits.Members)
	}
	s.rooms[r.name] = r
	m.joined, m.offered = now, now
	r.stand(m, addr)
	m.conn.hold()
	r.add(m)
	s.members++
	if m.role == swarm.Source {
		r.empty = time.Time{}
	}
	candidates := r.candidates(m, MaxCandidates)
	b := append(make([]byte, 0, len(r.head)+len(candidates)*256+128), r.head...)
	b = append(b, `,"observed":`...)
	b = strconv.AppendQuote(b, addr.String())
	if len(s.cfg.STUN) > 0 {
		b = append(append(b, `,"stun":`...), marshal(s.cfg.STUN)...)
	}
	b = append(b, `,"report_ms":`...)
	b = strconv.AppendInt(b, max(reportEvery, time.Duration(s.members)*time.Second/reportsPerSec).Milliseconds(), 10)
	b = append(b, `,"spread_ms":`...)
	b = strconv.AppendInt(b, int64(s.members)*1000/rejoinsPerSec, 10)
	b = appendCandidates(append(b, ','), candidates)
	m.conn.release(frame{"joined", append(b, '}')})
	r.advised(m)
	s.punch(m, candidates)
	if m.role == swarm.Source && m.intro != nil {
		news := frame{"candidates", append(appendCandidates([]byte(`{"type":"candidates",`), []*member{m}), '}')}
		for _, o := range candidates { // they tell the others
			o.conn.send(news)
		}
	}
	return nil
}

// enter finds the room that a member may enter, or makes it for a source. Errors: node.ErrUnknownStream,
// node.ErrRefused, chunk.ErrLimit.
func (s *Server) enter(m *member, j *message, publisher ed25519.PublicKey, now time.Time) (*room, error) {
	r := s.rooms[j.Name]
	if m.role != swarm.Source {
		switch {
		case r == nil:
			return nil, unknownStream("nobody publishes %q here", j.Name)
		case j.Stream != "" && j.Stream != r.id.String():
			return nil, unknownStream("%q is published here by another key than before: open its link again", j.Name)
		}
		return r, nil
	}
	if r != nil && bytes.Equal(r.publisher, publisher) {
		return r, nil
	}
	switch {
	case r != nil && (r.live() || now.Sub(r.empty) < streamLinger):
		return nil, refused("stream %q is published here by another key", j.Name)
	case r == nil && len(s.rooms) >= s.cfg.Limits.Streams:
		return nil, fmt.Errorf("%w: more than %d streams", chunk.ErrLimit, s.cfg.Limits.Streams)
	case r != nil:
		for _, o := range r.members { // order-free: each is told the same
			o.conn.fail(codeUnknownStream, "the stream is published here by another key now: open its link again")
			s.remove(o)
		}
	}
	return newRoom(j.Name, publisher), nil
}

// leave takes a member out.
func (s *Server) leave(m *member) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(m)
}

// remove takes a member out, and forgets a room without any. The lock is held.
func (s *Server) remove(m *member) {
	r := m.room
	if r.members[m.peer] != m {
		return // replaced
	}
	r.remove(m)
	s.members--
	if !r.live() && r.empty.IsZero() {
		r.empty = time.Now()
	}
	if len(r.members) == 0 && s.rooms[r.name] == r {
		delete(s.rooms, r.name)
	}
}
