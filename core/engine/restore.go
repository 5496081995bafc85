package engine

import "github.com/shoal-live/shoal/core/chunk"

// restoring is what restore keeps from one group to the next.
type restoring struct {
	payloads [][]byte // scratch
	vain     uint64   // one more than the last group that was not what the publisher has signed; 0 for none
}

// restorable reports whether what is missing of a group can be made from its parity, and proved.
func (e *Engine) restorable(h *chunk.GroupHeader) bool {
	return h.Parity > 0 && e.cfg.Restorer != nil && e.epoch.prover != nil
}

// restore makes the group of chunk n whole as soon as as many of its chunks are held as it has data, whichever these
// are, and passes the others on: what one link has lost is lost once, not for all who come after. What the publisher has
// not signed is dropped, as if it had never been made. It reports whether the group has become whole.
func (e *Engine) restore(n uint64) bool {
	g := e.epoch.store.Of(n)
	if g == nil || g.Complete() || g.Held() < int(g.Header().Data) || !e.restorable(g.Header()) {
		return false
	}
	h, r := *g.Header(), &e.restoring // a copy, for g does not outlive the next Insert
	if r.vain == h.Group+1 {
		return false
	}
	payloads := r.payloads[:0]
	for i := range h.Total() {
		c, _ := g.Chunk(i)
		payloads = append(payloads, c.Payload)
	}
	r.payloads = payloads
	defer clear(payloads)
	proofs := e.prove(&h, payloads)
	if proofs == nil {
		r.vain = h.Group + 1
		return false
	}
	for i, payload := range payloads {
		if !e.epoch.store.Has(h.First + uint64(i)) {
			e.regain(&chunk.Chunk{Header: h, Index: uint16(i), Proof: proofs[i], Payload: payload})
		}
	}
	return true
}

// prove fills the payloads that are nil, and gives the proofs of all; nil when they are not to be had.
func (e *Engine) prove(h *chunk.GroupHeader, payloads [][]byte) [][]byte {
	if e.cfg.Restorer.Restore(h, payloads) != nil {
		return nil
	}
	proofs := e.epoch.prover.Prove(h, payloads)
	if len(proofs) != len(payloads) {
		return nil
	}
	return proofs
}

// regain takes in a chunk that was restored, and pushes it as one that has come. It excuses no feeder, as one that had
// to be asked for would not.
func (e *Engine) regain(c *chunk.Chunk) {
	ep, n := e.epoch, c.ID().Number
	if ep.store.Insert(c) != chunk.New {
		return
	}
	ep.held++
	e.talk.held = true
	e.countRestored(c)
	e.relieve(n)
	e.passHeld(n)
	k := int(n % ep.substreams)
	e.push(n, k, c.Index >= c.Header.Data)
	e.cancelLater(n, k, nil)
}

// relieve takes a chunk off what is asked for: it is there, from nobody.
func (e *Engine) relieve(n uint64) {
	i, ok := e.asking.find(n)
	if !ok {
		return
	}
	if l := e.link(e.asking.list[i].to); l != nil {
		e.spare(l, n)
	}
	e.unask(i)
}

// countRestored counts restored data as useful; restored parity is of use to others alone.
func (e *Engine) countRestored(c *chunk.Chunk) {
	if c.Index >= c.Header.Data {
		return
	}
	s := &e.count.Chunks
	s.Useful++
	s.UsefulBytes += uint64(c.Length())
	s.Restored++
	e.countDelay(c)
}
