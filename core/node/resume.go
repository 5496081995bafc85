package node

import (
	"encoding/binary"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// A link whose connection is lost without a word, as when the process of a transport is killed, is away until another
// connection carries it on, for awayMost at most. Its streams do not notice: standing orders and subscriptions stay, control
// frames wait, chunks count as not taken. The end whose transport has died, D, dials anew as soon as the next one listens:
//
//	D                                  the other end, O
//	dials anew ----------------------> a second connection from a peer that is linked: it waits for its first frame
//	frameResume: what D has heard ---> O leaves the old connection
//	                          <------- frameResume: what O has heard
//	                          <------- what D has not heard, and so on
//	what O has not heard, and so on ->
//
// Chunks that were sent since shortly before D lost its connection go out once more. Where O has no such link, or
// the two do not agree on what was said, O answers frameAnew, and both begin anew. Where both ends dial, the connection that the
// lower id dialed stands.
//
//	frameResume  1 byte type, varint count and 8 bytes sum of the control frames heard, varint milliseconds away
//	frameAnew    1 byte type
//
// A resumption is what a frameResume says.
type resumption struct {
	heard tally
	away  time.Duration
}

// returns takes in a connection with the peer of a link that is away.
func (n *Node) returns(l *link, s *slot, up transport.Up) {
	on := place{s, up.Link}
	switch {
	case !up.Dialed:
		n.await(s, up) // its first frame says what it is for
		return
	case l.away.on.slot != nil || up.MaxChunk < l.maxChunk:
		n.refuse(s, up.Link, "resuming already")
		return
	}
	if n.control(on, n.heard(l)) != nil {
		l.away.failed = true
		return
	}
	l.away.on = on
	s.newcomers[up.Link] = newcomer{up: up, since: n.now(), resumes: l}
}

// heard is the frameResume of this end.
func (n *Node) heard(l *link) []byte {
	away := time.Duration(0)
	if l.away != nil {
		away = n.now() - l.away.since
	}
	frame := binary.AppendUvarint([]byte{frameResume}, l.ledger.heard.count)
	frame = binary.BigEndian.AppendUint64(frame, l.ledger.heard.sum)
	return binary.AppendUvarint(frame, uint64(away.Milliseconds()))
}

func parseResume(frame []byte) (r resumption, ok bool) {
	rest := frame[1:]
	count, size := binary.Uvarint(rest)
	if size <= 0 || len(rest) < size+8 {
		return r, false
	}
	r.heard = tally{count, binary.BigEndian.Uint64(rest[size:])}
	away, last := binary.Uvarint(rest[size+8:])
	r.away = time.Duration(min(away, uint64(time.Minute/time.Millisecond))) * time.Millisecond
	return r, last > 0
}

// resume takes a frameResume: the answer to this end's, or what the peer asks.
func (n *Node) resume(at place, frame []byte) {
	r, ok := parseResume(frame)
	c, waits := at.slot.newcomers[at.number]
	switch {
	case !ok:
		n.refuse(at.slot, at.number, "malformed frame")
	case !waits:
		n.unknown(at)
	case c.resumes != nil:
		delete(at.slot.newcomers, at.number)
		c.resumes.away.on = place{}
		if frames, ok := c.resumes.ledger.after(r.heard); ok {
			n.carryOn(c, at, r, frames)
			return
		}
		n.refuse(at.slot, at.number, "another conversation")
		n.dialAnew(c.resumes, "another conversation")
	default:
		n.asked(c, at, r)
	}
}

// unknown answers who would resume a link that is none here.
func (n *Node) unknown(at place) {
	l := at.slot.links[at.number]
	switch {
	case l == nil:
	case l.ledger.heard.count > 0:
		n.closeLink(l, "resumed out of place")
	default:
		_ = n.control(at, []byte{frameAnew}) // else its end is near
	}
}

// asked is a peer's wish to carry its link on over a connection that it has dialed.
func (n *Node) asked(c newcomer, at place, r resumption) {
	l := n.peers[c.up.Peer]
	if l != nil && l.away == nil && l.gone != 0 && n.now()-r.away < l.gone {
		n.refuse(at.slot, at.number, "carried on already") // it has crossed this end's
		return
	}
	if l != nil && l.away != nil && l.away.on.slot != nil {
		if n.isLower(l.peer) {
			n.refuse(at.slot, at.number, "the connection of the lower id stands")
			return
		}
		n.abandon(l)
	}
	if l != nil && l.move == nil && c.up.MaxChunk >= l.maxChunk {
		if frames, ok := l.ledger.after(r.heard); ok && n.control(at, n.heard(l)) == nil {
			delete(at.slot.newcomers, at.number)
			c.resumes = l
			n.carryOn(c, at, r, frames)
			return
		}
	}
	if n.control(at, []byte{frameAnew}) == nil {
		n.begun(at)
	}
}

// carryOn continues a link on a connection, with the frames that the other end has not heard.
func (n *Node) carryOn(c newcomer, at place, r resumption, frames [][]byte) {
	l, away := c.resumes, r.away
	if l.away != nil {
		away = max(away, n.now()-l.away.since)
	} else {
		delete(l.slot.links, l.number)
		n.refuse(l.slot, l.number, "carried on over another connection")
	}
	l.slot, l.number, l.address, l.dialed, l.away, l.gone = at.slot, at.number, c.up.Address, c.up.Dialed, nil, n.now()
	at.slot.links[at.number] = l
	for _, frame := range frames {
		n.say(l, frame)
	}
	n.takeBack(l, n.now()-away-awayOverlap)
	for _, st := range l.streams {
		n.touch(st)
		st.engine.Writable(n.now(), l.id)
	}
}

// anew takes it that the peer has begun anew on a connection that this end would have resumed on.
func (n *Node) anew(c newcomer, at place) {
	l := c.resumes
	delete(at.slot.newcomers, at.number)
	l.away.on = place{}
	n.want(l)
	n.dropLink(l, "the peer has begun anew")
	n.addLink(at.slot, c.up)
}

// abandon gives up the connection that this end asks to be resumed on.
func (n *Node) abandon(l *link) {
	if on := l.away.on; on.slot != nil {
		l.away.on = place{}
		delete(on.slot.newcomers, on.number)
		n.refuse(on.slot, on.number, "no link to resume")
	}
}

// failed takes it that a connection which this end has asked to be resumed on is gone.
func (c newcomer) failed() {
	if c.resumes != nil && c.resumes.away != nil {
		c.resumes.away.on, c.resumes.away.failed = place{}, true
	}
}

// isLower reports whether this node's id is lower than another's.
func (n *Node) isLower(o swarm.PeerID) bool { return slices.Compare(n.self[:], o[:]) < 0 }
