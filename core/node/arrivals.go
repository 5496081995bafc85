package node

import (
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// arrived hands one frame to the engine that it is for.
func (n *Node) arrived(a *arrival) {
	l := a.slot.links[a.link]
	if l == nil {
		return // the link went down before the loop came to its frames
	}
	data := a.data
	if a.channel == transport.Control {
		var err error
		if data, err = n.plain(data); err != nil {
			n.closeLink(l, "malformed control frame")
			return
		}
	}
	index, rest, err := swarm.SplitIndex(data)
	if err != nil {
		n.closeLink(l, "malformed frame")
		return
	}
	st := l.incoming[index]
	if a.channel == transport.Chunk {
		if st != nil { // else it has overtaken its Hello, and repair brings it again
			n.touch(st)
			st.engine.Chunk(n.now(), l.id, rest)
		}
		return
	}
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
		if l := s.links[e.Link]; l != nil {
			cause := "closed"
			if e.Cause != nil {
				cause = e.Cause.Error()
			}
			n.losing(l)
			n.dropLink(l, cause)
		}
	case transport.DialFailed:
		cause := "failed"
		if e.Cause != nil {
			cause = e.Cause.Error()
		}
		n.dialFailed(e.Peer, cause)
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
	case transport.SignalOut:
		for _, st := range n.streams {
			if st.cfg.Rendezvous != nil {
				st.cfg.Rendezvous.Signal(e.Peer, e.Data)
			}
		}
	}
}
