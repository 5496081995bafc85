package node

import (
	"fmt"
	"time"

	"github.com/shoal-live/shoal/core/transport"
)

// A link goes over from one transport connection to another without its streams noticing: both ends keep what they know
// of one another, and the order of control frames. frameMoved says, to the end that hears it, "what I send next for
// this link comes on the other connection". The end whose transport leaves, M, begins:
//
//	M                                 the other end, O
//	dials anew ---------------------> a second connection from a peer that is linked: it waits for its first frame
//	frameMoved on the new one ------> it is to continue the link, and not to begin one
//	                         <------- frameMoved on the old one, the last thing there; from now on it sends on the new
//	frameMoved on the old one ------> the last thing there; from now on it sends on the new
//
// Control frames that come on the new connection before the frameMoved of the old one are held until it comes. Chunks
// have no order, and are taken from either. A connection that is lost meanwhile costs the link, unless it is the new one
// and nothing was sent there yet.
type move struct {
	other place    // the new connection until this end sends there, the old one afterwards
	sent  bool     // this end sends on the new one
	held  [][]byte // control frames of the new connection, in order; at most maxHeld
}

// maxHeld bounds the control frames that wait for a move to end; beyond it the link is closed.
const maxHeld = 1024

// place is one connection of a transport.
type place struct {
	slot   *slot
	number transport.LinkID
}

// newcomer is a second connection with a peer that is linked, until its first control frame says what it is for.
type newcomer struct {
	up      transport.Up
	since   time.Duration
	resumes *link // that this end asks to be resumed on it; nil when the peer dialed it
}

func (l *link) place() place { return place{l.slot, l.number} }

// expecting is the connection whose control frames are held: the new one of a move.
func (l *link) expecting() (place, bool) {
	switch {
	case l.move == nil:
		return place{}, false
	case l.move.sent:
		return l.place(), true
	}
	return l.move.other, true
}

// beginMove asks the other end to continue a link on the connection that this end has dialed for it.
func (n *Node) beginMove(l *link, to place) {
	if l.move != nil || n.control(to, []byte{frameMoved}) != nil {
		n.refuse(to.slot, to.number, "moving already")
		return
	}
	l.move = &move{other: to}
	to.slot.links[to.number] = l
}

// await keeps a second connection of a peer until its first control frame; of several the newest.
func (n *Node) await(s *slot, up transport.Up) {
	for _, o := range n.slots {
		for number, c := range o.newcomers { // order-free: there is one at most
			if c.up.Peer == up.Peer && c.resumes == nil {
				delete(o.newcomers, number)
				n.refuse(o, number, "a newer connection has come")
			}
		}
	}
	s.newcomers[up.Link] = newcomer{up: up, since: n.now()}
}

// continued is asked by the peer of a link to go on over the connection that it has dialed.
func (n *Node) continued(c newcomer, on place) {
	delete(on.slot.newcomers, on.number)
	l := n.peers[c.up.Peer]
	if l == nil || l.move != nil || l.away != nil || c.up.MaxChunk < l.maxChunk || n.control(l.place(), []byte{frameMoved}) != nil {
		n.refuse(on.slot, on.number, "no link to continue")
		return
	}
	l.move = &move{other: on}
	on.slot.links[on.number] = l
	n.goOver(l)
}

// wentOver reports whether a connection of s that this end has dialed comes too late, for another has taken the link over.
// It does not when the link's transport leaves: then it was dialed to go over to once more.
func (l *link) wentOver(s *slot, up transport.Up, now time.Duration) bool {
	return up.Dialed && l.gone != 0 && now-l.gone < bindPatience && (s == l.slot || !l.slot.leaving)
}

// begun takes a newcomer that does not continue the link that there is: the peer has begun anew, and so does this end.
// It answers nil for what is no newcomer.
func (n *Node) begun(on place) *link {
	c, ok := on.slot.newcomers[on.number]
	if !ok {
		return nil
	}
	old := n.peers[c.up.Peer]
	switch {
	case c.resumes != nil:
		n.anew(c, on)
		return on.slot.links[on.number]
	case old != nil && !n.prefers(c.up, old):
		delete(on.slot.newcomers, on.number)
		n.refuse(on.slot, on.number, "linked already")
		return nil
	}
	delete(on.slot.newcomers, on.number)
	if old != nil {
		n.replaceLink(old, on.slot, c.up)
	} else {
		n.addLink(on.slot, c.up)
	}
	return on.slot.links[on.number]
}

// moved is told that nothing more comes on a connection but chunks.
func (n *Node) moved(l *link, on place) {
	if l.move == nil || on != l.move.old(l) {
		n.closeLink(l, "a move that nobody asked for")
		return
	}
	if !l.move.sent {
		if err := n.control(on, []byte{frameMoved}); err != nil {
			n.closeLink(l, fmt.Sprintf("control channel: %v", err))
			return
		}
		n.goOver(l)
	}
	held := l.move.held
	l.move = nil
	for _, data := range held {
		if n.links[l.id] == l {
			n.controlFrame(l, data)
		}
	}
}

// old is the connection that the link leaves.
func (m *move) old(l *link) place {
	if m.sent {
		return m.other
	}
	return l.place()
}

// goOver has this end send on the new connection.
func (n *Node) goOver(l *link) {
	to := l.move.other
	l.move.other, l.move.sent = l.place(), true
	l.slot, l.number, l.gone = to.slot, to.number, n.now()
	for _, st := range l.streams { // what was full was the old one
		n.touch(st)
		st.engine.Writable(n.now(), l.id)
	}
}

// hold keeps a control frame until the move has ended.
func (n *Node) hold(l *link, data []byte) {
	if len(l.move.held) >= maxHeld {
		n.closeLink(l, "too many control frames while moving")
		return
	}
	l.move.held = append(l.move.held, data)
}

// connectionEnded takes it that a connection is gone.
func (n *Node) connectionEnded(at place, cause error) {
	at.slot.newcomers[at.number].failed()
	delete(at.slot.newcomers, at.number)
	l := at.slot.links[at.number]
	if l == nil {
		return
	}
	delete(at.slot.links, at.number)
	switch {
	case l.move == nil && at != l.place():
		return // one that it has left
	case l.move != nil && !l.move.sent && at == l.move.other:
		l.move = nil // it stays where it is
		return
	case l.move == nil && len(l.streams) > 0 && !at.slot.leaving && unexplained(cause):
		n.goAway(l)
		return
	}
	n.losing(l)
	n.dropLink(l, cause.Error())
	for _, s := range n.slots { // its peer may have begun anew already
		for number, c := range s.newcomers { // order-free: any of them will do
			if c.up.Peer == l.peer && n.peers[l.peer] == nil {
				n.begun(place{s, number})
			}
		}
	}
}

// control sends a control frame as it is.
func (n *Node) control(at place, frame []byte) error {
	if at.slot.current == nil {
		return transport.ErrClosed
	}
	n.charge(len(frame) + at.slot.caps.Overhead)
	return at.slot.current.SendControl(at.number, frame)
}
