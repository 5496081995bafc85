// Package sim runs many real engines and policies under one virtual clock, over one fake network, and reports what
// the viewers measured. Nothing about distribution is decided here: the engines and the policies are those of
// production.
//
//	           +--------------------- agenda: (time, order) -> event ----------------------+
//	           v                                                                           |
//	peer: inputs -> engine.Ready -> control, chunks --uplink queue--> loss, delay --downlink queue-+
//	                     |  ^                                                              |
//	                     v  |  after PolicyDelay                                           |
//	                  policy.Step (in lockstep)                   rendezvous: candidates --+
//
// # What is modelled
//
//   - A link: a one-way delay for each pair of peers, log-normal, the same in both directions, plus jitter for each
//     frame; chunk frames may be lost and overtake one another; control frames are reliable and ordered, and a lost one
//     comes a retransmission later.
//   - An uplink: frames leave one after another at its rate, those of all links. A downlink: they arrive likewise. In front
//     of either is a queue, as a home's router has one: chunk frames that would wait longer than Network.Queue are lost; within
//     a second the engine hears how many, as of other losses. In particular a peer does not see its own line, which is
//     behind its router: it has to find out from receipts what it carries.
//   - Several streams: each peer has an engine and a policy for each, which share its links, its uplink and its budget by
//     the weights of the streams.
//   - Wire bytes: chunk frames count their payload, a modelled proof and the transport's overhead; control frames their
//     length and overhead; handshakes and acknowledgements are added.
//   - A rendezvous: the source, and a random sample of those who are there, a round trip after the question.
//   - Faults: viewers that vanish, say goodbye, become slow, send no chunk any more, or forge every one.
//   - Chunks carry no bytes. The author and the verifier are the simulator's own (the Verifier may take modelled time).
//
// Equal configurations give equal reports, byte for byte: all chance comes from generators seeded by Config.Seed, one for each
// peer and one for what concerns all, and events at one time are served in the order in which they were made.
//
// # Windows
//
// What a peer does reaches no other before the least delay between two has passed. So the events of such a window are taken
// off the agenda together and served peer by peer, each peer's from the first to the last with those that it makes for itself
// meanwhile; what it makes for others and for later goes on the agenda once the window is over, in the order of the peers.
// Peers do not see one another within a window, and so may be served at once: Config.Each does it, since there is no goroutine
// in here. An event of all (a join, a link that is made, a fault, a group) ends the window before it and is served alone. Joins
// and links therefore come by the millisecond.
//
//	agenda --take--> window: peer 3: e e e   peer 7: e   peer 1: e e --collect--> agenda
//	                         '-- lane 0 --'  '------- lane 1 -------'
//
// # Cost
//
// An event costs no garbage: events lie in memory that is used again, in a calendar of pages and a heap of small keys. What
// allocates is the engines' own (frames) and the policies'. Serving a peer's events of a window together finds its engine in
// the cache, which is worth more than the window costs.
package sim
