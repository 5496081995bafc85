package node

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

const (
	banFor    = 5 * time.Minute  // a peer that misbehaved is refused
	idleAfter = 10 * time.Second // a link without a stream is closed
	crossing  = 2 * time.Second  // two ends that dial one another at once have both links within it
)

// link is one authenticated connection, shared by all streams that both ends take part in.
type link struct {
	id       swarm.LinkID
	peer     swarm.PeerID
	slot     *slot            // with number, the connection that this end sends on
	number   transport.LinkID // within the slot's transport
	move     *move            // to another connection; nil while there is none
	dialed   bool
	address  swarm.Address
	maxChunk int
	streams  []*stream          // that take part here
	incoming map[uint64]*stream // by the peer's index
	idle     time.Duration      // since when it has no stream; 0 when it has
	since    time.Duration      // when it came up
	gone     time.Duration      // when it last went over to another connection; 0 when it never has
	away     *absence           // its connection is lost; nil while there is one. See resume.go
	ledger   ledger
	recent   []recent // ring, the next place is cursor
	cursor   int
}

// wanted is a dial that streams wait for.
type wanted struct {
	streams []*stream
	asked   []*slot // that have not answered yet
	dialed  bool    // one was asked at all
}

// linksOf lists the links of a slot by id.
func (n *Node) linksOf(s *slot) []*link {
	list := make([]*link, 0, len(s.links))
	for _, l := range s.links {
		list = append(list, l)
	}
	slices.SortFunc(list, func(a, b *link) int { return cmp.Compare(a.id, b.id) })
	return list
}

// dial gets a stream a link to a candidate: the one that is there, or a new one.
func (n *Node) dial(st *stream, c swarm.Candidate) {
	if l := n.peers[c.Peer]; l != nil {
		n.takePart(st, l, scheduler.Here)
		return
	}
	if n.banned(c.Peer) {
		n.touch(st)
		st.engine.DialFailed(n.now(), c.Peer, "banned")
		return
	}
	if w := n.wanted[c.Peer]; w != nil {
		if !slices.Contains(w.streams, st) {
			w.streams = append(w.streams, st)
		}
		return
	}
	w := &wanted{streams: []*stream{st}}
	n.wanted[c.Peer] = w
	for _, s := range n.slots {
		if s.suits(c.Addresses) {
			w.asked = append(w.asked, s)
		}
	}
	if len(w.asked) == 0 {
		n.dialFailed(nil, c.Peer, "no transport for its addresses")
		return
	}
	w.dialed = true
	for _, s := range slices.Clone(w.asked) {
		n.dialOn(s, c)
	}
}

// dialFailed takes it that s cannot reach a peer, and tells those who wait once no slot can.
func (n *Node) dialFailed(s *slot, peer swarm.PeerID, cause string) {
	if l := n.peers[peer]; l != nil && l.away != nil {
		l.away.dialed = false
	}
	w := n.wanted[peer]
	if w == nil {
		return
	}
	w.asked = slices.DeleteFunc(w.asked, func(o *slot) bool { return o == s })
	if len(w.asked) > 0 {
		return
	}
	delete(n.wanted, peer)
	if w.dialed {
		n.dials.Failed++
	}
	for _, st := range w.streams {
		n.touch(st)
		st.engine.DialFailed(n.now(), peer, cause)
	}
}

// linkUp takes in a connection that a transport has authenticated: a link, or what may continue or replace the one
// that there is.
func (n *Node) linkUp(s *slot, up transport.Up) {
	old := n.peers[up.Peer]
	switch {
	case s.current == nil || n.banned(up.Peer) || up.Peer == n.self:
		n.refuse(s, up.Link, "refused")
		return
	case old != nil && old.away == nil && up.Dialed && (!n.prefers(up, old) || old.wentOver(s, up, n.now())):
		n.refuse(s, up.Link, "linked already")
		return
	}
	n.charge(handshakeBytes)
	switch {
	case old == nil:
		n.addLink(s, up)
	case old.away != nil:
		n.returns(old, s, up)
	case !up.Dialed:
		n.await(s, up) // its first control frame says which
	case old.slot.leaving && up.MaxChunk >= old.maxChunk:
		n.beginMove(old, place{s, up.Link})
	default:
		n.replaceLink(old, s, up)
	}
}

// replaceLink begins a link anew, for the streams that an older one was for.
func (n *Node) replaceLink(old *link, s *slot, up transport.Up) {
	streams := slices.Clone(old.streams)
	n.closeLink(old, "replaced by a newer link")
	w := n.wanted[up.Peer]
	if w == nil {
		w = &wanted{}
		n.wanted[up.Peer] = w
	}
	if up.Dialed {
		w.streams = append(w.streams, streams...)
	}
	n.addLink(s, up)
}

// addLink begins a link, for the streams that wait for one.
func (n *Node) addLink(s *slot, up transport.Up) {
	n.lastLink++
	l := &link{
		id: n.lastLink, peer: up.Peer, slot: s, number: up.Link, dialed: up.Dialed,
		address: up.Address, maxChunk: up.MaxChunk, incoming: make(map[uint64]*stream), idle: n.now(), since: n.now(),
	}
	s.links[up.Link] = l
	n.links[l.id] = l
	n.peers[l.peer] = l
	if w := n.wanted[up.Peer]; w != nil {
		delete(n.wanted, up.Peer)
		if w.dialed {
			n.dials.Linked++
		}
		for _, st := range w.streams {
			n.takePart(st, l, scheduler.Here)
		}
	}
}

// prefers says which of two links to one peer stays, so that both ends choose the same. Of two that came up while
// both ends dialed, it is the one that the lower id dialed. Else it is the newer, for the end that dialed has lost the
// older, and this end has not noticed.
func (n *Node) prefers(up transport.Up, old *link) bool {
	if old.slot.leaving || old.away != nil {
		return true
	}
	if up.Dialed == old.dialed || n.now()-old.since > crossing {
		return true
	}
	return up.Dialed == n.isLower(up.Peer)
}

func (n *Node) refuse(s *slot, number transport.LinkID, cause string) {
	if s.current != nil {
		s.current.Close(number, cause)
	}
}

// takePart makes a link one of a stream's.
func (n *Node) takePart(st *stream, l *link, side scheduler.Side) {
	if slices.Contains(l.streams, st) || st.left {
		return
	}
	l.streams = append(l.streams, st)
	l.idle = 0
	n.touch(st)
	st.engine.PeerUp(n.now(), engine.Peer{Link: l.id, Peer: l.peer, Dialed: side, MaxFrame: l.maxChunk})
}

// partWith ends a stream on a link. The link itself goes when it stays without a stream.
func (n *Node) partWith(st *stream, l *link) {
	l.streams = slices.DeleteFunc(l.streams, func(o *stream) bool { return o == st })
	for index, o := range l.incoming { // order-free: deletes only
		if o == st {
			delete(l.incoming, index)
		}
	}
	if len(l.streams) == 0 {
		l.idle = n.now()
	}
}

// closeLink ends a link from this end.
func (n *Node) closeLink(l *link, cause string) {
	n.refuse(l.slot, l.number, cause)
	n.dropLink(l, cause)
}

// dropLink forgets a link and tells its streams.
func (n *Node) dropLink(l *link, cause string) {
	if n.links[l.id] != l {
		return
	}
	delete(n.links, l.id)
	delete(l.slot.links, l.number)
	if m := l.move; m != nil {
		n.refuse(m.other.slot, m.other.number, cause)
		delete(m.other.slot.links, m.other.number)
	}
	if l.away != nil {
		n.abandon(l)
	}
	if n.peers[l.peer] == l {
		delete(n.peers, l.peer)
	}
	for _, st := range l.streams {
		n.touch(st)
		st.engine.PeerDown(n.now(), l.id, cause)
	}
}

// sweepLinks closes links that have stayed without a stream, and forgets bans that have ended.
func (n *Node) sweepLinks() {
	now := n.now()
	n.sweepAway()
	var idle []*link
	for _, l := range n.links { // order-free: sorted below
		if l.idle != 0 && now-l.idle > idleAfter {
			idle = append(idle, l)
		}
	}
	slices.SortFunc(idle, func(a, b *link) int { return cmp.Compare(a.id, b.id) })
	for _, l := range idle {
		n.closeLink(l, "no stream in common")
	}
	for _, s := range n.slots {
		for number, c := range s.newcomers { // order-free: each on its own
			if now-c.since > idleAfter {
				delete(s.newcomers, number)
				n.refuse(s, number, "said nothing")
				c.failed()
			}
		}
	}
	for p, until := range n.bans { // order-free: deletes only
		if until <= now {
			delete(n.bans, p)
		}
	}
}

// dialsFailed ends the dials that s has not answered and will not.
func (n *Node) dialsFailed(s *slot, cause string) {
	var peers []swarm.PeerID
	for p, w := range n.wanted { // order-free: sorted below
		if slices.Contains(w.asked, s) {
			peers = append(peers, p)
		}
	}
	slices.SortFunc(peers, func(a, b swarm.PeerID) int { return bytes.Compare(a[:], b[:]) })
	for _, p := range peers {
		n.dialFailed(s, p, cause)
	}
}

func (n *Node) banned(p swarm.PeerID) bool {
	until, ok := n.bans[p]
	return ok && until > n.now()
}

func (n *Node) ban(p swarm.PeerID) {
	n.bans[p] = n.now() + banFor
	if l := n.peers[p]; l != nil {
		n.closeLink(l, "banned")
	}
}
