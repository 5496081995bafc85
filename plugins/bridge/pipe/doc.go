// Package pipe moves the messages of one plugin instance between the host and the plugin: over the data channel,
// a Unix socket of its own, or over whatever else carries messages in order (the bridge brings gRPC).
//
// # The data channel
//
// The host listens in a folder that only its user can enter, and offers one token for each instance. The plugin connects and
// writes the token; the host compares it, and where the platform tells (Linux) checks that the process at the
// other end is the one that it started. Then messages travel both ways:
//
//	token    32 bytes, once, from the plugin; the host answers one byte, 1, or closes
//	message  = length body
//	length   4 bytes, most significant first: bytes of the body, 1..limit
//	body     a protobuf message; the pipe does not look into it
//
// # Queues
//
// An Outbox collects what is to leave, and writes all that waits by one system call. Whoever must never wait uses
// Offer, which refuses beyond the limit, or Post, which refuses only beyond PostLimit; whoever may wait uses
// Put. What arrives is handed over in batches that alias one buffer, which is never used again: a message is copied once
// by the kernel on each side and by nobody else.
//
// # Waking
//
// Where a frame is cheap, waking is what costs: a thread at the other end, Go's monitor, a goroutine of one's own. So on
// Linux nobody is woken who does not wait: a socket is watched for what comes alone (waiter), a system call that never waits is made
// without the scheduler's knowledge (readNow, writeNow), what is large or comes alone is written by who puts it (Outbox), and
// between calls to and fro a reader looks for a moment before it sleeps (linger). Elsewhere the socket is Go's (plain).
package pipe
