// Package edf is the policy of the mesh pull that asks for what is due first: earliest deadline first.
//
// Where it comes from: earliest deadline first is the optimal order of a single processor (Liu and Layland, "Scheduling
// Algorithms for Multiprogramming in a Hard-Real-Time Environment", Journal of the ACM, 1973). For a swarm Zhou, Chiu and
// Lui ("A Simple Model for Analyzing P2P Streaming Protocols", ICNP 2007; "A Simple Model for Chunk-Scheduling Strategies
// in P2P Streaming", IEEE/ACM Transactions on Networking, 2011) study it as the greedy strategy, best from one peer's
// point of view, and find that it scales worse than rarest first: all want the same chunk, and what is new spreads
// slowly. Abeni, Kiraly and Lo Cigno ("On the Optimal Scheduling of Streaming Applications in Unstructured Meshes",
// Networking 2009) show that deadlines can be optimal when the source sets them anew for each copy, which is another policy.
//
// What it is here: package mesh does all but the order. The contract does not tell a policy when a chunk is due, but
// deadlines ascend with the numbers, so the lowest number is asked for first.
//
// # When to choose it
//
// As a baseline for other orders, and where it matters that a gap at the front is closed first whatever else is missing.
//
// Not for large swarms, where new chunks spread later than under rarest by its literature. At 100 viewers the two differ
// by less than the seeds do (README), and rarest is ahead where they differ. Not for low delay: see there.
//
// # Parameters
//
// See Params and mesh.Params: each field's comment gives the name in the config, unit, default and limits.
package edf
