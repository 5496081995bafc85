// Package neighbours chooses whom a peer links to: the source while it has room, and others at random by the peer's seed,
// which is what keeps a random graph connected and shallow. It asks for more candidates when there are too few, dials who
// failed ever less often, and ends links that carry nothing when newcomers would find no end free.
package neighbours
