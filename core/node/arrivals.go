package node

import (
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// arrived hands one frame to the link that it is for.
func (n *Node) arrived(a *arrival) {
	at := place{a.slot, a.link}
	l := a.slot.links[a.link]
	switch {
	case a.channel == transport.Chunk:
		if l == nil { // it may have overtaken the peer's frameResume
			l = a.slot.newcomers[a.link].resumes
		}
		if l != nil { // else the link went down before the loop came to its frames
			n.chunkFrame(l, a.data)
		}
	case len(a.data) == 1 && a.data[0] == frameMoved:
		if l != nil {
			n.moved(l, at)
		} else if c, ok := a.slot.newcomers[a.link]; ok {
			n.continued(c, at)
		}
	case len(a.data) > 0 && a.data[0] == frameResume:
		n.resume(at, a.data)
	case len(a.data) == 1 && a.data[0] == frameAnew:
		if c, ok := a.slot.newcomers[a.link]; ok && c.resumes != nil {
			n.anew(c, at)
		} // else it has said more already
	default:
		if l == nil {
			l = n.begun(at)
		}
		if l == nil {
			return
		}
		if held, ok := l.expecting(); ok && at == held {
			n.hold(l, a.data)
			return
		}
		n.controlFrame(l, a.data)
	}
}

// chunkFrame hands a chunk to the engine that it is for.
func (n *Node) chunkFrame(l *link, data []byte) {
	index, rest, err := swarm.SplitIndex(data)
	if err != nil {
		n.closeLink(l, "malformed frame")
		return
	}
	if st := l.incoming[index]; st != nil { // else it has overtaken its Hello, and repair brings it again
		n.touch(st)
		st.engine.Chunk(n.now(), l.id, rest)
	}
}

// controlFrame hands a control frame to the engine that it is for.
func (n *Node) controlFrame(l *link, data []byte) {
	l.ledger.heard.add(data)
	data, err := n.plain(data)
	if err != nil {
		n.closeLink(l, "malformed control frame")
		return
	}
	index, rest, err := swarm.SplitIndex(data)
	if err != nil {
		n.closeLink(l, "malformed frame")
		return
	}
	st := l.incoming[index]
	if id, ok := swarm.PeekHello(rest); ok {
		if st = n.byStream[id]; st == nil {
			return // not served here; the link is closed when it stays idle
		}
		if len(l.incoming) >= maxIncoming {
			n.closeLink(l, "too many streams on one link")
			return
		}
		l.incoming[index] = st
		n.takePart(st, l, scheduler.There)
	}
	if st == nil {
		return
	}
	n.touch(st)
	st.engine.Control(n.now(), l.id, rest)
}

// maxIncoming is how many streams a peer may open on one link.
const maxIncoming = 256

// transportEvent takes what a transport reports beside frames.
func (n *Node) transportEvent(s *slot, e transport.Event) {
	now := n.now()
	switch e := e.(type) {
	case transport.Up:
		n.linkUp(s, e)
	case transport.Down:
		cause := e.Cause
		if cause == nil {
			cause = transport.ErrClosed
		}
		n.connectionEnded(place{s, e.Link}, cause)
	case transport.DialFailed:
		cause := "failed"
		if e.Cause != nil {
			cause = e.Cause.Error()
		}
		n.dialFailed(s, e.Peer, cause)
	case transport.Writable:
		for _, number := range e.Links {
			if l := s.links[number]; l != nil {
				for _, st := range l.streams {
					n.touch(st)
					st.engine.Writable(now, l.id)
				}
			}
		}
	case transport.Full:
		n.full(s, e)
	case transport.Measured:
		n.measured(s, e)
	case transport.Usage:
		n.used(s, e)
	case transport.Observed:
		s.outside = e.Addresses
		n.tellAddresses()
	case transport.SignalOut:
		for _, st := range n.streams {
			if st.cfg.Rendezvous != nil {
				st.cfg.Rendezvous.Signal(e.Peer, e.Data)
			}
		}
	}
}
