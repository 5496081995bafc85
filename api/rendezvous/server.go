package rendezvous

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/shoal-live/shoal/codecs/zstd"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
)

// Config describes a server.
type Config struct {
	Publishers     []ed25519.PublicKey // keys that may publish; none lets nobody publish
	List           Listing             // whether streams can be listed by anybody
	TrustedProxies []netip.Prefix      // whose X-Forwarded-For is believed
	Log            *slog.Logger        // nil discards
	// Changed is called when a stream's members change, without the server's lock; nil for none.
	Changed func(stream string)
}

// Listing says who may list the streams.
type Listing uint8

// The choices.
const (
	Unlisted Listing = 0 // who knows a stream's name can join it
	Listed   Listing = 1 // everybody can list the names
)

// Server is the public endpoint. It is an http.Handler; its methods may be called by several goroutines at once.
type Server struct {
	cfg Config
	mux *http.ServeMux

	mu      sync.Mutex
	rooms   map[string]*room
	members int
	joins   map[netip.Addr]*visitor
	closed  bool
	conns   map[*conn]struct{}
	group   sync.WaitGroup
}

// visitor is what is remembered of one address.
type visitor struct {
	joins bucket
	open  int
}

// NewServer makes a server. It begins to serve when it is given requests; Close ends it.
func NewServer(cfg Config) *Server {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		cfg:   cfg,
		rooms: make(map[string]*room),
		joins: make(map[netip.Addr]*visitor),
		conns: make(map[*conn]struct{}),
	}
	s.mux = s.routes()
	return s
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.mux.ServeHTTP(w, r) }

// Close ends every connection, and returns when their goroutines have ended.
func (s *Server) Close() {
	s.mu.Lock()
	s.closed = true
	for c := range s.conns {
		c.end()
	}
	s.mu.Unlock()
	s.group.Wait()
}

// admit counts a connection from addr and refuses what is over the limits.
func (s *Server) admit(addr netip.Addr, c *conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.closed {
		return fmt.Errorf("%w: the server is going down", chunk.ErrLimit)
	}
	v := s.joins[addr]
	if v == nil {
		s.forget(now)
		v = &visitor{}
		s.joins[addr] = v
	}
	if !v.joins.take(now, JoinsPerSec, 5*JoinsPerSec) {
		return fmt.Errorf("%w: more than %d joins a second from one address", chunk.ErrLimit, JoinsPerSec)
	}
	if v.open >= ConnectionsPerIP {
		return fmt.Errorf("%w: more than %d connections from one address", chunk.ErrLimit, ConnectionsPerIP)
	}
	v.open++
	s.conns[c] = struct{}{}
	s.group.Add(1)
	return nil
}

// forget drops addresses that have been quiet for a while, once there are many.
func (s *Server) forget(now time.Time) {
	if len(s.joins) < 1024 {
		return
	}
	for a, v := range s.joins {
		if v.open == 0 && now.Sub(v.joins.at) > time.Minute {
			delete(s.joins, a)
		}
	}
}

func (s *Server) dismiss(addr netip.Addr, c *conn) {
	s.mu.Lock()
	delete(s.conns, c)
	if v := s.joins[addr]; v != nil {
		v.open--
	}
	s.mu.Unlock()
	s.group.Done()
}

// join takes a member in, and answers it before anybody can send it anything else.
func (s *Server) join(m *member, name, observed string, publisher ed25519.PublicKey) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rooms[name]
	if m.role == swarm.Source {
		if !slices.ContainsFunc(s.cfg.Publishers, func(k ed25519.PublicKey) bool { return bytes.Equal(k, publisher) }) {
			return refused("the publisher key %x may not publish here: add it to rendezvous.publishers", publisher)
		}
		if r != nil && !bytes.Equal(r.publisher, publisher) && r.sources() > 0 {
			return refused("stream %q is published here by another key", name)
		}
		if r == nil || !bytes.Equal(r.publisher, publisher) {
			if len(s.rooms) >= MaxStreams {
				return fmt.Errorf("%w: %d streams", chunk.ErrLimit, MaxStreams)
			}
			r = &room{name: name, id: chunk.NewStreamID(publisher, name), publisher: publisher, members: make(map[swarm.PeerID]*member)}
			s.rooms[name] = r
		}
	}
	if r == nil {
		return unknownStream(name)
	}
	if s.members >= MaxMembers {
		return fmt.Errorf("%w: %d members", chunk.ErrLimit, MaxMembers)
	}
	if old := r.members[m.peer]; old != nil {
		s.leaveLocked(old)
		old.conn.fail(codeReplaced, "the same peer has joined again")
	}
	m.joined = time.Now()
	r.add(m)
	s.members++
	candidates := r.candidates(m, MaxCandidates)
	s.punch(m, candidates)
	m.conn.send(&message{
		Type: "joined", Observed: observed, Name: r.name, Stream: r.id.String(), Publisher: fmt.Sprintf("%x", r.publisher),
		Descriptor: pack(r.signed), Candidates: fromCandidates(introduce(candidates)),
	})
	return nil
}

// leave takes a member out.
func (s *Server) leave(m *member) {
	s.mu.Lock()
	s.leaveLocked(m)
	s.mu.Unlock()
	s.changed(m.room.name)
}

func (s *Server) leaveLocked(m *member) {
	r := m.room
	if r.members[m.peer] != m {
		return
	}
	r.remove(m)
	s.members--
	if r.sources() == 0 && r.empty.IsZero() {
		r.empty = time.Now()
	}
	if len(r.order) == 0 {
		delete(s.rooms, r.name)
	}
}

func (s *Server) changed(name string) {
	if s.cfg.Changed != nil {
		s.cfg.Changed(name)
	}
}

// describe takes a source's descriptor of a new epoch and hands it to everybody.
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
	if r.signed != nil && d.Epoch < r.epoch {
		return nil // an older one, after a reconnect
	}
	r.signed, r.epoch = signed, d.Epoch
	news := &message{Type: "descriptor", Descriptor: packed}
	for _, o := range r.order {
		if o != m {
			o.conn.send(news)
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
	s.mu.Lock()
	defer s.mu.Unlock()
	if o := m.room.members[peer]; o != nil {
		o.conn.send(&message{Type: "signal", Peer: m.peer.Text(), Data: data})
	}
	return nil
}

// more answers a member that wants candidates.
func (s *Server) more(m *member, count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	candidates := m.room.candidates(m, count)
	s.punch(m, candidates)
	m.conn.send(&message{Type: "candidates", Candidates: fromCandidates(introduce(candidates))})
}

// punch lets the candidates open their NATs towards m, which is about to dial them.
func (s *Server) punch(m *member, candidates []*member) {
	if !public(m.addresses) {
		return
	}
	for _, o := range candidates {
		o.conn.send(&message{Type: "punch", Addresses: m.addresses})
	}
}

// reach takes the addresses of a member.
func (s *Server) reach(m *member, addresses []swarm.Address) error {
	if err := checkAddresses(addresses); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.addresses = addresses
	return nil
}

func (s *Server) report(m *member, msg *message) {
	if msg.Report == nil {
		return
	}
	var feeds []swarm.PeerID
	for _, f := range msg.Feeds[:min(len(msg.Feeds), 64)] {
		if p, err := swarm.ParsePeerID(f); err == nil {
			feeds = append(feeds, p)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m.report, m.feeds = *msg.Report, feeds
}

// pack is a signed descriptor as it travels.
func pack(signed []byte) []byte {
	if len(signed) == 0 {
		return nil
	}
	return zstd.Compress(nil, signed)
}

// unpack is what pack was given.
func unpack(packed []byte) ([]byte, error) {
	if len(packed) == 0 {
		return nil, nil
	}
	return zstd.Decompress(nil, packed, chunk.MaxDescriptor)
}
