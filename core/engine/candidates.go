package engine

import (
	"slices"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// candidates are the peers that could be linked to, in order of their introduction, and those that are refused.
type candidates struct {
	list   []candidate
	banned []banned
}

type candidate struct {
	swarm.Candidate
	dialing bool
}

type banned struct {
	peer  swarm.PeerID
	until time.Duration
}

func (c *candidates) find(p swarm.PeerID) *candidate {
	for i := range c.list {
		if c.list[i].Peer == p {
			return &c.list[i]
		}
	}
	return nil
}

// put takes a candidate in, and reports whether that says anything new. The oldest is forgotten for it.
func (c *candidates) put(n swarm.Candidate) bool {
	n.Addresses = c.addresses(n.Addresses[:min(len(n.Addresses), swarm.MaxAddresses)])
	if old := c.find(n.Peer); old != nil {
		if old.Role == n.Role && slices.Equal(old.Addresses, n.Addresses) {
			return false
		}
		old.Candidate = n
		return true
	}
	if len(c.list) >= maxCandidates {
		i := max(slices.IndexFunc(c.list, func(k candidate) bool { return !k.dialing && k.Role != swarm.Source }), 0)
		c.list = slices.Delete(c.list, i, i+1)
	}
	if len(c.list) == cap(c.list) { // no faster than it has to: each peer of a large swarm has one
		c.list = append(make([]candidate, 0, len(c.list)+len(c.list)/4+8), c.list...)
	}
	c.list = append(c.list, candidate{Candidate: n})
	return true
}

// addresses is a copy of a list; the newest candidate's own where it says the same, as that of every peer of a simulation does.
func (c *candidates) addresses(a []swarm.Address) []swarm.Address {
	if last := len(c.list) - 1; last >= 0 && slices.Equal(c.list[last].Addresses, a) {
		return c.list[last].Addresses
	}
	return slices.Clone(a)
}

// dialed ends a dial, and reports whether there was one.
func (c *candidates) dialed(p swarm.PeerID) bool {
	k := c.find(p)
	was := k != nil && k.dialing
	if was {
		k.dialing = false
	}
	return was
}

func (c *candidates) dialingNow() int {
	n := 0
	for i := range c.list {
		if c.list[i].dialing {
			n++
		}
	}
	return n
}

func (c *candidates) ban(p swarm.PeerID, until time.Duration) {
	if len(c.banned) >= maxBanned {
		c.banned = slices.Delete(c.banned, 0, 1)
	}
	c.banned = append(c.banned, banned{p, until})
	c.list = slices.DeleteFunc(c.list, func(k candidate) bool { return k.Peer == p && !k.dialing }) // the outcome of a dial is told
}

func (c *candidates) isBanned(p swarm.PeerID, now time.Duration) bool {
	return slices.ContainsFunc(c.banned, func(b banned) bool { return b.peer == p && b.until > now })
}

// Suspect tells of a peer that others have accused, from the rendezvous. The word may be a lie, so it costs little: who feeds
// this peer is judged by what it sends. From anybody else nothing is taken for a while, and it is refused unless it is fed.
func (e *Engine) Suspect(now time.Duration, p swarm.PeerID) {
	e.at(now)
	l := e.linkTo(p)
	if e.left || p == e.cfg.Self || l != nil && l.ours.eager != 0 || e.candidates.isBanned(p, now) {
		return
	}
	e.candidates.ban(p, now+suspectFor)
	switch {
	case l == nil:
	case l.theirs.eager != 0:
		l.busy = now + suspectFor
	default:
		e.bye(l, swarm.ByeMisconduct, "accused by others")
	}
}

// gossip introduces some neighbours to one of them.
func (e *Engine) gossip(l *link) {
	l.gossipAt = e.now
	var m swarm.Peers
	for i := len(e.candidates.list) - 1; i >= 0 && len(m.Candidates) < maxOffers; i-- {
		c := &e.candidates.list[i]
		if c.Peer != l.peer && e.linkTo(c.Peer) != nil && len(c.Addresses) > 0 {
			m.Candidates = append(m.Candidates, c.Candidate)
		}
	}
	if len(m.Candidates) > 0 {
		e.send(l, &m)
	}
}

// introduced takes a neighbour's introductions, at most one message a second.
func (e *Engine) introduced(l *link, m *swarm.Peers) {
	if l.introduced != 0 && e.now-l.introduced < time.Second {
		return
	}
	l.introduced = e.now
	e.introduce(m.Candidates)
}
