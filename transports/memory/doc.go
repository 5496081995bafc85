// Package memory is a transport within one process: a network for tests that has the loss and the queues of a
// real one, and its time from package time, so that it runs under testing/synctest in virtual time.
//
//	endpoint A --link queue: 2 frames or 10 ms--> rate --> loss --> delay + jitter --> endpoint B
//
// A Network is the wire; each of its endpoints is a transport.Transport. Addresses are "memory:NAME", where NAME is
// Config.Listen, or a number where that is "". Identity is a plain comparison of keys, and nothing is encrypted.
//
// Chunk frames are lost at random; control frames never are, a lost one arrives one round trip later, and all of them
// in order. Everything that an endpoint reports is reported by the goroutine of its Run, in order of time.
// The same Seed and the same calls at the same times lose the same frames.
package memory
