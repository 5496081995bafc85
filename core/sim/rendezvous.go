package sim

import (
	"errors"
	"fmt"

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
		if q == p || named(list, q.id) {
			continue
		}
		list = append(list, candidate(q))
	}
	if err := a.engine.Describe(w.now, a.media.signed); err != nil && !errors.Is(err, engine.ErrStale) {
		return fmt.Errorf("simulated rendezvous: %w", err)
	}
	a.engine.Candidates(w.now, list)
	w.advance(a)
	return nil
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
