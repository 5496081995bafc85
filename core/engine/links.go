package engine

import (
	"math/bits"
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/budget"
	"github.com/shoal-live/shoal/core/chunk"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/scheduler"
	"github.com/shoal-live/shoal/core/swarm"
)

// Peer is an authenticated neighbour on a link.
type Peer struct {
	Link     swarm.LinkID
	Peer     swarm.PeerID
	Dialed   scheduler.Side
	MaxFrame int // bytes of a chunk frame that the link takes; 0 for Config.MaxFrame
}

// link is this stream's part of one link.
type link struct {
	id       swarm.LinkID
	dialed   scheduler.Side
	role     swarm.Role
	up       bool // both Hellos were exchanged
	gone     bool // no more among Engine.links
	statusIs bool // status has changed since the policy was told
	hasHave  bool
	holdsNew bool // what the peer holds has changed since the policy was told
	trained  bool // it was sent a train
	warned   bool // that chunks are too long for it

	malformed uint8 // frames; at most one more than maxMalformed
	probes    uint8 // unanswered; at most maxProbes

	// What is looked at when a chunk is asked for lies together.
	outstanding int32         // requests
	window      window        // how many there may be
	busy        time.Duration // it has no capacity for wants until then
	rtt         time.Duration // smoothed; 0 before it is measured

	// What the peer holds, as it said or proved; what it was sent; which of its wants are queued.
	has, sent, owed chunk.Window

	theirs subscriptions // of the peer, to what we hold
	ours   subscriptions // of this peer, to what the neighbour holds
	feeds  feeds
	out    outgoing

	peer     swarm.PeerID
	maxFrame int32
	epoch    uint32 // newest that the peer is known to have
	maxLinks uint32
	status   swarm.Status

	heard      time.Duration // the last frame
	lost       uint64        // chunk frames, as the transport knows
	allowance  float64       // control frames that may still be served
	allowedAt  time.Duration
	pings      pings
	probeAt    time.Duration
	gossipAt   time.Duration
	introduced time.Duration // when Peers were last taken

	anchor uint64 // see swarm.Have

	every      time.Duration // of the Announce in force; 0 for none
	announceAt time.Duration
	announced  uint64 // Engine.epoch.held when it last was

	post    post
	told    telling
	cancels []uint64 // to be told with the next Ready
	wants   []uint64 // scratch of askAll

	mend   float64 // chunks that it may still be answered with urgency
	mendAt time.Duration

	in   incoming
	flow flow // since it was last measured
}

// subscriptions of one end of a link to what the other holds, as sets: bit k is substream k.
type subscriptions struct {
	eager, lazy uint64
	answered    uint64 // of ours: those that feed; of theirs: those that a Push has contained
}

func (s *subscriptions) mode(k int) swarm.Mode {
	switch {
	case s.eager&(1<<k) != 0:
		return swarm.Eager
	case s.lazy&(1<<k) != 0:
		return swarm.Lazy
	}
	return swarm.None
}

func (s *subscriptions) set(mask uint64, m swarm.Mode) {
	s.eager, s.lazy, s.answered = s.eager&^mask, s.lazy&^mask, s.answered&^mask
	switch m {
	case swarm.Eager:
		s.eager |= mask
	case swarm.Lazy:
		s.lazy |= mask
	case swarm.None:
	}
}

// link finds a link by id; nil when there is none.
func (e *Engine) link(id swarm.LinkID) *link {
	i, ok := slices.BinarySearch(e.ids, id)
	if !ok {
		return nil
	}
	return e.links[i]
}

// linkTo finds a link by peer; nil when there is none.
func (e *Engine) linkTo(p swarm.PeerID) *link {
	for _, l := range e.links {
		if l.peer == p {
			return l
		}
	}
	return nil
}

// PeerUp takes in a link with an authenticated peer, which takes part in this stream: it was dialed because
// Ready.Dial asked for it, or the peer has said Hello for it. A link that there is no room for is told so and hung up.
func (e *Engine) PeerUp(now time.Duration, p Peer) {
	e.at(now)
	if e.left || e.link(p.Link) != nil {
		return
	}
	e.candidates.dialed(p.Peer)
	l := &link{
		id: p.Link, peer: p.Peer, dialed: p.Dialed, maxFrame: int32(min(p.MaxFrame, 1<<30)),
		heard: now, mend: mendBurst, mendAt: now, window: newWindow(), allowance: controlBurst, allowedAt: now, gossipAt: now,
	}
	if l.maxFrame <= 0 {
		l.maxFrame = int32(min(e.cfg.MaxFrame, 1<<30))
	}
	i, _ := slices.BinarySearch(e.ids, p.Link)
	e.ids, e.links = slices.Insert(e.ids, i, p.Link), slices.Insert(e.links, i, l)
	e.sayHello(l)
	switch {
	case e.candidates.isBanned(p.Peer, now) || p.Peer == e.cfg.Self:
		e.bye(l, swarm.ByeMisconduct, "refused")
	case len(e.links) > e.cfg.MaxLinks:
		e.bye(l, swarm.ByeFull, "no room for a further link")
	}
}

// PeerDown ends a link that the transport has lost.
func (e *Engine) PeerDown(now time.Duration, id swarm.LinkID, cause string) {
	e.at(now)
	if l := e.link(id); l != nil {
		e.down(l, cause)
	}
}

// bye says so and ends the stream on a link.
func (e *Engine) bye(l *link, cause swarm.ByeCause, text string) {
	e.send(l, &swarm.Bye{Cause: cause})
	e.hangup(l, text)
}

// hangup ends the stream on a link.
func (e *Engine) hangup(l *link, cause string) {
	e.out.Hangup = append(e.out.Hangup, Hangup{Link: l.id, Cause: cause})
	e.down(l, cause)
}

// down forgets a link and all that concerns it.
func (e *Engine) down(l *link, cause string) {
	i, ok := slices.BinarySearch(e.ids, l.id)
	if !ok || l.gone {
		return
	}
	l.gone = true
	e.ids, e.links = slices.Delete(e.ids, i, i+1), slices.Delete(e.links, i, i+1)
	e.dropOrders(l)
	e.asking.dropLink(l.id)
	e.askSooner(e.now)
	e.uploads.dropLink(l)
	if c, ok := e.cfg.Budget.(budget.Confirmer); ok {
		c.Forget(l.id)
	}
	switch {
	case l.up:
		e.change(scheduler.LinkDown{Link: l.id, Peer: l.peer, Cause: cause})
		e.event(event.PeerLeft{Stream: e.cfg.Stream, Peer: l.peer, Cause: cause})
	case l.dialed == scheduler.Here: // the policy still waits for it
		e.change(scheduler.DialFailed{Peer: l.peer, Cause: cause})
	}
}

// misconduct ends a link to a peer that broke the rules, and refuses it for a while.
func (e *Engine) misconduct(l *link, cause string) {
	e.candidates.ban(l.peer, e.now+banFor)
	e.out.Ban = append(e.out.Ban, l.peer)
	e.bye(l, swarm.ByeMisconduct, cause)
}

// wrong counts a malformed or misplaced frame.
func (e *Engine) wrong(l *link) {
	e.count.Chunks.Malformed++
	if l.malformed++; l.malformed > maxMalformed {
		e.misconduct(l, "malformed frames")
	}
}

// newEpoch forgets what belonged to the old one. Who feeds us has as long as it had at first until it counts as silent.
func (l *link) newEpoch(now time.Duration) {
	l.has, l.sent, l.owed = chunk.Window{}, chunk.Window{}, chunk.Window{}
	l.anchor, l.hasHave, l.announced = 0, false, 0
	l.cancels, l.outstanding = l.cancels[:0], 0
	l.ours.answered = 0
	l.feeds = feeds{}
	for set := l.ours.eager; set != 0; set &= set - 1 {
		l.feed(bits.TrailingZeros64(set)).spoke = now
	}
}

// send puts a message among the control frames for l.
func (e *Engine) send(l *link, m swarm.Message) {
	e.sendFrame(l, e.encodeControl(m))
}

// mail is memory for messages, those that are sent often and the one that is read.
type mail struct {
	in      swarm.Messages
	want    swarm.Want
	cancel  swarm.Cancel
	receipt swarm.Receipt
	ping    swarm.Ping
	pong    swarm.Pong
	have    swarm.Have
	bytes   []byte
}

// mostMail is how many bytes of memory are kept for writing a frame.
const mostMail = 512

// encodeControl is a control frame, no longer than it has to be: it may lie for a while before it leaves.
func (e *Engine) encodeControl(m swarm.Message) []byte {
	b := swarm.Append(e.mail.bytes[:0], e.cfg.Index, m)
	if cap(b) <= mostMail {
		e.mail.bytes = b
	}
	return append(make([]byte, 0, len(b)), b...)
}
