package node

import (
	"errors"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// absence is that of a link's connection, which was lost without a word. See resume.go.
type absence struct {
	since  time.Duration
	on     place // the connection that this end asks to be resumed on; its slot is nil while there is none
	dialed bool  // this end has asked for one
	failed bool  // and it came to nothing
}

const (
	awayMost    = time.Second           // it is looked at every sweepEvery
	awayOverlap = 50 * time.Millisecond // chunks sent so long before a connection was lost may be lost with it
	recentMost  = 32                    // chunks of a link that are remembered: what its engine remembers
)

// recent is a chunk that was handed to a transport.
type recent struct {
	st *stream
	id chunk.ID
	at time.Duration
}

// remember keeps a chunk that is sent, in case the connection is lost.
func (l *link) remember(r recent) {
	if len(l.recent) < recentMost {
		l.recent = append(l.recent, r)
		return
	}
	l.recent[l.cursor] = r
	l.cursor = (l.cursor + 1) % recentMost
}

// unexplained reports whether a connection has ended without one of its ends having ended it.
func unexplained(cause error) bool {
	for _, known := range []error{transport.ErrClosed, transport.ErrPeerClosed, transport.ErrTimeout, transport.ErrIdentity} {
		if errors.Is(cause, known) {
			return false
		}
	}
	return true
}

// goAway takes it that the connection of l is lost, and that another may come.
func (n *Node) goAway(l *link) {
	l.number = 0
	l.away = &absence{since: n.now()}
	n.takeBack(l, n.now()-awayOverlap)
}

// takeBack has the engines send again what was sent on l since then.
func (n *Node) takeBack(l *link, since time.Duration) {
	for i, r := range l.recent {
		if r.st != nil && r.at >= since && !r.st.left {
			n.touch(r.st)
			r.st.engine.Full(n.now(), l.id, r.id)
		}
		l.recent[i] = recent{}
	}
	l.recent, l.cursor = l.recent[:0], 0
}

// redial has the links dialed that were lost with the transport of s.
func (n *Node) redial(s *slot) {
	for _, id := range sortedLinks(n.links) {
		if l := n.links[id]; l != nil && l.slot == s && l.away != nil {
			l.away.on, l.away.failed, l.away.dialed = place{}, false, true
			n.dialOn(s, swarm.Candidate{Peer: l.peer, Addresses: []swarm.Address{l.address}})
		}
	}
}

// want has the next link with the peer of l for the streams of l.
func (n *Node) want(l *link) *wanted {
	w := n.wanted[l.peer]
	if w == nil {
		w = &wanted{}
		n.wanted[l.peer] = w
	}
	for _, st := range l.streams {
		if !slices.Contains(w.streams, st) {
			w.streams = append(w.streams, st)
		}
	}
	return w
}

// dialAnew gives up a link that is away, and dials its peer for what it was for.
func (n *Node) dialAnew(l *link, cause string) {
	streams := slices.Clone(l.streams)
	n.dropLink(l, cause)
	for _, st := range streams {
		n.dial(st, swarm.Candidate{Peer: l.peer, Addresses: []swarm.Address{l.address}})
	}
}

// sweepAway gives up the links that have been away for too long. A dial that has no outcome yet is still waited for, but
// begins a link anew.
func (n *Node) sweepAway() {
	for _, id := range sortedLinks(n.links) {
		l := n.links[id]
		switch {
		case l == nil || l.away == nil:
		case l.away.failed:
			n.dialAnew(l, "not resumed")
		case n.now()-l.away.since < awayMost:
		default:
			if l.away.dialed && l.away.on.slot == nil && len(l.streams) > 0 {
				w := n.want(l)
				w.asked = append(w.asked, l.slot)
			}
			n.dropLink(l, "away for too long")
		}
	}
}

// retreat gives up the links that are away from a transport that leaves.
func (n *Node) retreat(s *slot) {
	for _, id := range sortedLinks(n.links) {
		if l := n.links[id]; l != nil && l.slot == s && l.away != nil {
			n.dialAnew(l, "its transport has left")
		}
	}
}
