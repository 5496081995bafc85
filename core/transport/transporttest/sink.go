package transporttest

import (
	"bytes"
	"fmt"
	"slices"
	"sync"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// sink records what a transport reports and checks the order of it.
type sink struct {
	mu      sync.Mutex
	changed chan struct{} // closed and replaced whenever something was recorded
	records
}

// records is all that a transport has reported.
type records struct {
	listening  [][]swarm.Address
	order      []transport.LinkID // in order of Up
	links      map[transport.LinkID]*record
	dialFailed []transport.DialFailed
	usage      transport.Usage
	usages     int
	broken     []string // clauses that did not hold
}

// record is what was reported of one link.
type record struct {
	up       transport.Up
	down     *transport.Down
	control  [][]byte
	chunks   [][]byte
	full     []uint64 // tokens
	writable int
	measured transport.Measured
}

func newSink() *sink {
	return &sink{
		changed: make(chan struct{}),
		records: records{links: make(map[transport.LinkID]*record)},
	}
}

// to are the numbers of the links to a peer, gone or not, in order of Up.
func (r *records) to(p swarm.PeerID) []transport.LinkID {
	var list []transport.LinkID
	for _, l := range r.order {
		if r.links[l].up.Peer == p {
			list = append(list, l)
		}
	}
	return list
}

// mostShown is how many links a failure tells of.
const mostShown = 8

// String sums up what was recorded.
func (s *sink) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b bytes.Buffer
	fmt.Fprintf(&b, "%d listening, usage %+v, failed dials %v", len(s.listening), s.usage, s.dialFailed)
	for i, l := range s.order {
		if i == mostShown {
			fmt.Fprintf(&b, "\n\tand %d links more", len(s.order)-i)
			break
		}
		r := s.links[l]
		fmt.Fprintf(&b, "\n\tlink %d to %s: %d control, %d chunks, %d full, %d writable, measured %+v, down %v",
			l, r.up.Peer, len(r.control), len(r.chunks), len(r.full), r.writable, r.measured, r.down)
	}
	return b.String()
}

func (s *sink) faults() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.broken)
}

func (s *sink) fault(format string, args ...any) {
	s.broken = append(s.broken, fmt.Sprintf(format, args...))
}

func (s *sink) signal() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Listening is called once.
func (s *sink) Listening(addresses []swarm.Address) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.listening) > 0 {
		s.fault("Listening came twice")
	}
	s.listening = append(s.listening, slices.Clone(addresses))
	s.signal()
}

// Received takes frames between Up and Down.
func (s *sink) Received(frames []transport.Received) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range frames {
		r := s.live(f.Link, "Received")
		switch {
		case r == nil:
		case f.Channel == transport.Control:
			r.control = append(r.control, f.Data)
		case f.Channel == transport.Chunk:
			r.chunks = append(r.chunks, f.Data)
		default:
			s.fault("link %d: a frame on channel %d", f.Link, f.Channel)
		}
	}
	s.signal()
}

// live is the record of a link that is up, or nil after having noted the fault.
func (s *sink) live(l transport.LinkID, what string) *record {
	r := s.links[l]
	switch {
	case r == nil:
		s.fault("link %d: %s before Up", l, what)
	case r.down != nil:
		s.fault("link %d: %s after Down", l, what)
		return nil
	}
	return r
}

// Event takes the rest.
func (s *sink) Event(e transport.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := e.(type) {
	case transport.Up:
		if e.Link == 0 || s.links[e.Link] != nil {
			s.fault("link %d: the number is 0 or was used before", e.Link)
		}
		s.links[e.Link] = &record{up: e}
		s.order = append(s.order, e.Link)
	case transport.Down:
		if r := s.live(e.Link, "Down"); r != nil {
			r.down = &e
			if e.Cause == nil {
				s.fault("link %d: Down without a cause", e.Link)
			}
		}
	case transport.DialFailed:
		if e.Cause == nil {
			s.fault("peer %s: DialFailed without a cause", e.Peer)
		}
		s.dialFailed = append(s.dialFailed, e)
	case transport.Writable:
		for _, l := range e.Links {
			if r := s.live(l, "Writable"); r != nil {
				r.writable++
			}
		}
	case transport.Full:
		if r := s.live(e.Link, "Full"); r != nil {
			r.full = append(r.full, e.Token)
		}
	case transport.Measured:
		if r := s.live(e.Link, "Measured"); r != nil {
			r.measured = e
		}
	case transport.Usage:
		if e.Sent < s.usage.Sent || e.Received < s.usage.Received {
			s.fault("Usage went back from %+v to %+v", s.usage, e)
		}
		s.usage = e
		s.usages++
	case transport.SignalOut:
	default:
		s.fault("an event of unknown type %T", e)
	}
	s.signal()
}
