// Package core has no code; it is the map of what stands below it.
//
// core imports the standard library and itself, nothing else. Below, a package
// may import those to its left; the whole table is in arch_test.go:
//
//	chunk <- swarm <- scheduler <- budget <- engine <- sim      pure
//	chunk <- swarm <- event; report                             pure
//	chunk <- ingest, egress        swarm <- transport           contracts, each with its suite
//	all of these but sim <- node                                goroutines, clock, wiring
//
// Pure packages have no I/O, no clock, no goroutine, no lock and no chance of
// their own: time and a seeded generator are passed in, so that equal inputs
// give equal outputs in the node, the simulator, the browser and the tests.
// pure_test.go holds them to it.
package core
