// Package peer is what a peer does under every policy, whatever its chunks travel by: it keeps its neighbours, knows its
// uplink, grants what is asked of it, announces, and says what it has left. A policy embeds a Peer and decides the
// rest: what it subscribes to, what it sends and what it asks for.
//
//	func (p *policy) Step(b *scheduler.Batch) scheduler.Answer {
//		p.Open(b)
//		if p.Due() { ... }  // a few times a second
//		p.Links.Meet()
//		...                 // the policy's own decisions
//		p.Seats.Serve()
//		return p.Answer(p.Next())
//	}
package peer
