package sim

import (
	"errors"
	"fmt"
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/swarm"
)

const (
	// sampled is the number of candidates that a joiner gets.
	sampled = 16
	// addressed is how many members there may be until the source is no longer named to every joiner, but to about
	// as many as this: it has few links.
	addressed = 128
)

// address is where the simulated transport reaches everybody.
var address = []swarm.Address{"sim:"}

// meet answers a peer's question for candidates, with the descriptor when it joins.
func (w *lane) meet(a *part, count int) error {
	if a == nil {
		return nil
	}
	p := a.peer
	var list []swarm.Candidate
	accused := a.standing.Accused(w.now) // then the source alone is named: it takes no chunks
	n := len(w.alive)
	if n <= addressed || p.random.IntN(n) < addressed {
		if s := w.peers[0]; !s.gone {
			list = append(list, candidate(s))
		}
	}
	count = min(count, sampled)
	for range 4 * count { // a few draws fall on the asker, or twice on one
		if len(list) >= count || len(list) >= n-1 {
			break
		}
		q := w.peers[w.alive[p.random.IntN(n)]]
		if q == p || named(list, q.id) || accused || q.parts[a.media.index].standing.Accused(w.now) {
			continue
		}
		list = append(list, candidate(q))
		a.standing.Meet(q.parts[a.media.index].standing)
	}
	if err := a.engine.Describe(w.now, a.media.signed); err != nil && !errors.Is(err, engine.ErrStale) {
		return fmt.Errorf("simulated rendezvous: %w", err)
	}
	a.engine.Candidates(w.now, list)
	w.advance(a)
	return nil
}

// accuse carries a peer's word against another to the rendezvous.
func (w *lane) accuse(a *part, other int32) {
	w.add(w.now+w.word(), happening{what: doAccuse, stream: uint8(a.media.index), peer: a.peer.index, other: other})
}

// accused weighs a word, and tells others of one that is accused: those that it knows, and those that hear of it by their neighbours.
func (w *lane) accused(by, of *part) {
	if by == nil || of == nil || !of.media.jury.Accuse(w.now, by.standing, of.standing, len(w.alive)) {
		return
	}
	tell := func(i int32) {
		if w.peers[i].role() == swarm.Source {
			return // it takes no chunks
		}
		w.add(w.now+w.word(), happening{what: doSuspect, stream: uint8(of.media.index), peer: i, other: of.peer.index})
	}
	if len(w.alive) <= swarm.JuryTells {
		for _, i := range w.alive {
			tell(i)
		}
		return
	}
	for _, s := range of.standing.Met() {
		tell(w.ids[s.Peer])
	}
	for range swarm.JuryTells - len(of.standing.Met()) {
		tell(w.alive[w.random.IntN(len(w.alive))])
	}
}

// word is how long a message takes between a peer and the rendezvous.
func (w *world) word() time.Duration { return max(w.cfg.Network.Median, w.ahead) }

// suspect tells a peer of one that others accuse.
func (w *lane) suspect(a *part, other *peer) {
	if a == nil {
		return
	}
	a.engine.Suspect(w.now, other.id)
	w.advance(a)
}

func candidate(p *peer) swarm.Candidate {
	return swarm.Candidate{Peer: p.id, Role: p.role(), Addresses: address}
}

func named(list []swarm.Candidate, id swarm.PeerID) bool {
	for i := range list {
		if list[i].Peer == id {
			return true
		}
	}
	return false
}
