// Package budget shares one uplink among all the streams of a node.
//
// The uplink belongs to the node, not to a stream. Every engine asks its Share for wire bytes, by class,
// before it sends; what leaves without asking (acknowledgements, handshakes, control) is charged afterwards
// from the transport's Usage, so that all of it counts. The cap is a hard promise: over any one second the
// bytes granted and charged stay within it.
//
//	Allocator (cap, bucket) --weights--> Share of stream A --classes--> engine A
//	                                 \-> Share of stream B --classes--> engine B
//
// The package is pure, and not safe for concurrent use: a node runs all of its engines on one goroutine.
package budget
