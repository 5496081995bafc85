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
// # How the promise is kept
//
// One token bucket of rate r and depth b, with b + r + margin = Cap. It lets at most b + r bytes go in any second.
// Charges cannot be refused: they take the bucket below zero, and nothing is granted until that is paid. So the
// bytes of a second are at most b + r + what was owed at its end, which is within Cap as long as no more than
// the margin, 1/32 of Cap, was charged at once. What goes beyond is counted by Overruns: it had left already.
//
// # Who goes first
//
// Between shares, start-time fair queueing without a queue: each share has a virtual time that a grant moves on
// by size/weight. Who is refused is waited for until a little after the time it was told to come back; as long as
// it waits, no other share may run ahead of it by more than the bucket's depth. So busy shares get bytes by
// weight, and what an idle share leaves is lent. Between classes, the less urgent must leave some of the bucket
// for the more urgent. Repair beyond its bound goes last.
//
// # Without a cap
//
// A home's line is behind its router, in whose queue frames wait and from which they are dropped: nobody tells a node what it
// carries. It is estimated from receipts in three ways, the first that knows deciding.
//
//   - Losses. A receipt names the newest frame that it counts, so what was sent before and is not counted is lost. Where the links
//     but the worst lose more than a line does by chance, the queue overflows: the uplink is full, and what comes through is what
//     it carries. A quarter of that is left to the queue until it is empty (as BBR's drain, Cardwell et al., ACM Queue 2016).
//   - The gauge plays what leaves through queues of many rates and reads the one whose delays receipts tell: bursts far below the
//     uplink show it within a second, and so does the padding that an engine sends its first neighbours. A twentieth of that is
//     left over; and since no more is sent then, there is no delay to read from, so the reading counts for a while until the
//     gauge says that there is more. Where most of it is used and next to nothing delayed, a step beyond it is taken to be there
//     every 0.6 s: delays soon show if it is not.
//   - Where it reads no more than a lower bound, or nothing, delays lead as in LEDBAT (RFC 6817): grow while queueing delay is under
//     25 ms, else shrink, and never grow beyond twice what receipts confirm. That holds below a cap too.
//
// What is known is forgotten when nobody tells of anything that is sent any more.
//
// The package is pure, and not safe for concurrent use: a node runs all of its engines on one goroutine. Times
// never go back. All arithmetic is in integers, so that equal inputs give equal outputs on every machine.
package budget
