package node

import (
	"errors"
	"fmt"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// maxRounds bounds the answers of an inline policy that are taken in one go.
const maxRounds = 8

// advance asks an engine what it wants until the policy linked in has nothing more to say.
func (n *Node) advance(st *stream) {
	for range maxRounds {
		r := st.engine.Ready(n.now())
		n.carry(st, r)
		if r.Batch == nil || !n.consult(st, r.Batch) {
			return
		}
	}
}

// carry does all that a Ready says but for its batch.
func (n *Node) carry(st *stream, r *engine.Ready) {
	st.wake = r.WakeAt
	for i := range r.Control {
		c := &r.Control[i]
		if l := n.links[c.Link]; l != nil {
			frame := n.wire(c.Frame)
			l.ledger.says(frame)
			if l.away == nil { // else it goes out when the link is resumed
				n.say(l, frame)
			}
		}
	}
	n.sendChunks(st, r.Chunks)
	n.sendTrains(r.Trains)
	for i := range r.Deliver {
		st.deliver(n, &r.Deliver[i])
	}
	for _, h := range r.Hangup {
		if l := n.links[h.Link]; l != nil {
			n.partWith(st, l)
		}
	}
	for _, c := range r.Dial {
		n.dial(st, c)
	}
	for _, p := range r.Ban {
		n.ban(p)
	}
	if st.cfg.Rendezvous != nil {
		for _, p := range r.Accuse {
			st.cfg.Rendezvous.Accuse(p)
		}
		if r.Introduce > 0 {
			st.cfg.Rendezvous.Introduce(r.Introduce)
		}
	}
	for _, e := range r.Events {
		n.cfg.Events(e)
	}
}

// say sends a control frame that the ledger has. That the connection is gone is about to be reported, and may not be the end
// of the link.
func (n *Node) say(l *link, frame []byte) {
	err := n.control(l.place(), frame)
	if err != nil && !errors.Is(err, transport.ErrClosed) && !errors.Is(err, transport.ErrNoLink) {
		n.closeLink(l, fmt.Sprintf("control channel: %v", err))
	}
}

// sendChunks hands chunks to the transports of their links, each payload once a transport.
func (n *Node) sendChunks(st *stream, sends []engine.ChunkSend) {
	if len(sends) == 0 {
		return
	}
	for _, s := range n.slots {
		if s.current == nil {
			continue
		}
		frames := n.frames[:0]
		for i := range sends {
			c := &sends[i]
			var to []transport.LinkID
			for _, id := range c.To {
				if l := n.links[id]; l != nil && l.slot == s && l.away == nil {
					to = append(to, l.number)
					l.remember(recent{st, c.ID, n.now()})
				}
			}
			if len(to) == 0 {
				continue
			}
			n.granted.add(uint64(len(to)) * uint64(len(c.Frame)+s.caps.Overhead))
			frames = append(frames, transport.Frame{Data: c.Frame, To: to, Expires: n.at(c.Expires), Token: n.tokens.put(st, c.ID)})
		}
		if len(frames) > 0 {
			s.current.SendChunks(frames)
		}
		clear(frames)
		n.frames = frames[:0]
	}
	n.keepBack(st, sends)
}

// sendTrains hands padding to the transports.
func (n *Node) sendTrains(trains []engine.Train) {
	for _, t := range trains {
		l := n.links[t.Link]
		if l == nil || l.away != nil || l.slot.current == nil {
			continue
		}
		frames := n.frames[:0]
		for range t.Count {
			n.granted.add(uint64(len(t.Frame) + l.slot.caps.Overhead))
			frames = append(frames, transport.Frame{Data: t.Frame, To: []transport.LinkID{l.number}, Expires: n.at(n.now() + trainLife)})
		}
		l.slot.current.SendChunks(frames)
		clear(frames)
		n.frames = frames[:0]
	}
}

// trainLife is how long a train may wait to leave.
const trainLife = 200 * time.Millisecond

// keepBack has the engine keep the chunks for links that are away.
func (n *Node) keepBack(st *stream, sends []engine.ChunkSend) {
	for i := range sends {
		for _, id := range sends[i].To {
			if l := n.links[id]; l != nil && l.away != nil {
				n.touch(st)
				st.engine.Full(n.now(), id, sends[i].ID)
			}
		}
	}
}

// full tells an engine that a link did not take a chunk.
func (n *Node) full(s *slot, e transport.Full) {
	l := s.links[e.Link]
	st, id, ok := n.tokens.get(e.Token)
	if l == nil || !ok || st.left {
		return
	}
	n.touch(st)
	st.engine.Full(n.now(), l.id, id)
}

func (n *Node) measured(s *slot, e transport.Measured) {
	l := s.links[e.Link]
	if l == nil {
		return
	}
	for _, st := range l.streams {
		n.touch(st)
		st.engine.Measured(n.now(), l.id, engine.Measured{RTT: e.RTT, Lost: e.Lost})
	}
}

// tokens remembers what the last chunk frames were, for transports that did not take them.
type tokens struct {
	next uint64
	ring [tokenRing]struct {
		token uint64
		st    *stream
		id    chunk.ID
	}
}

const tokenRing = 8192

func (t *tokens) put(st *stream, id chunk.ID) uint64 {
	t.next++
	e := &t.ring[t.next%tokenRing]
	e.token, e.st, e.id = t.next, st, id
	return t.next
}

func (t *tokens) get(token uint64) (*stream, chunk.ID, bool) {
	e := &t.ring[token%tokenRing]
	return e.st, e.id, e.token == token && e.st != nil
}

// Control frames travel with one byte in front: 0 as they are, 1 compressed; 2 alone is a move, see handover.go; 3 and 4 are
// for a connection that was lost, see resume.go.
const (
	framePlain      = 0
	frameCompressed = 1
	frameMoved      = 2
	frameResume     = 3
	frameAnew       = 4
	compressFrom    = 100 // bytes; below it compression gains nothing
)

// wire is a control frame as it travels.
func (n *Node) wire(frame []byte) []byte {
	if n.cfg.Compressor != nil && len(frame) >= compressFrom {
		out := n.cfg.Compressor.Compress([]byte{frameCompressed}, frame)
		if len(out) < len(frame) {
			return out
		}
	}
	return append([]byte{framePlain}, frame...)
}

// plain is what wire was given.
func (n *Node) plain(data []byte) ([]byte, error) {
	switch {
	case len(data) == 0:
		return nil, chunk.ErrFormat
	case data[0] == framePlain:
		return data[1:], nil
	case data[0] == frameCompressed && n.cfg.Compressor != nil:
		return n.cfg.Compressor.Decompress(nil, data[1:], swarm.MaxControlFrame)
	}
	return nil, chunk.ErrFormat
}
