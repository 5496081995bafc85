// Package serve is `shoal serve`: it follows the paths of a MediaMTX, publishes each as a stream, and runs what
// viewers and the operator need beside it: rendezvous with STUN and pages, bus, control API and metrics.
//
//	mediamtx --discovery--> publications --ingest--> node --transport--> viewers
//	                             |                     |
//	                          registry, leases      rendezvous (own, or remote by URL)
//	                             +------- bus ---------+
//
// Everything starts in Run and has ended when Run returns.
package serve
