// Package engine is the state machine of one peer on one stream. It is sans-I/O: inputs are method calls that are
// told the time, and what it wants done comes back in one Ready. The same code runs in the real node, in the
// simulator, in the browser and in the tests, and nothing about distribution is decided outside of it and
// its policy.
//
//	         PeerUp PeerDown Control Chunk Publish Describe Answer ... Tick
//	                                  |
//	                                  v
//	  +------------------------------------------------------------------------+
//	  | links   store   subscriptions   uploads   requests   playout   clock   |
//	  +------------------------------------------------------------------------+
//	                                  |
//	                                  v
//	Ready{Control, Chunks, Deliver, Batch, Dial, Hangup, Introduce, Accuse, Events, WakeAt}
//
// Where to look:
//
//	engine.go, timers.go, limits.go   the inputs, the alarms, every bound
//	links.go, hello.go, epoch.go      who is there, what is said, what a descriptor begins
//	post.go, status.go                what is said together in one packet, and to whom how soon
//	receive.go, frontier.go           a chunk that comes; which chunks exist, and which are overdue
//	restore.go                        what parity makes of a group of which chunks are lost
//	haves.go, asking.go, answers.go   what neighbours hold, what is asked of them, what they are answered
//	joining.go, playout.go, lead.go   where a viewer begins, what it plays, and how far behind
//	pause.go                          a stream that pauses, and the epoch after it
//	publish.go, uploads.go, full.go   what a source sends, the queue that can be reordered, full links
//	orders.go, subscriptions.go, actions.go, conversation.go   the policy's part
//	clock.go, receipts.go, measures.go, own.go, stats.go       figures
//
// Nothing that a neighbour says is believed further than it can be borne: what it holds counts only for asking it, and
// only near the newest chunk that was verified here; every queue and table has a bound in limits.go, and a neighbour
// that sends a forged chunk, or many malformed frames, is hung up and banned.
//
// The host's loop: call inputs, then Ready, do what it says, then sleep until WakeAt or the next input. Equal
// inputs at equal times give equal outputs, byte for byte: no wall clock, no map order, no goroutine. Time is a
// duration since the host began and never goes back; all engines of a node share it.
//
// Not safe for concurrent use. Frames handed in belong to the engine from then on (chunks keep them alive
// as payload); what Ready holds belongs to the host until the next call of Ready, but for frames and payloads,
// which are never changed and may be kept.
package engine
