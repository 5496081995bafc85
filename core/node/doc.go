// Package node is the imperative shell of Shoal: it hosts the engines of one peer, and wires the contracts of
// transport, policy, rendezvous and egress to them. It has the goroutines, the clock and the queues that
// the pure packages do without, and takes no decision about distribution.
//
//	transports --Received, Event--> inbox --+                   +--> transports (SendChunks, SendControl, Dial)
//	rendezvous --candidates, ...--> inbox --+--> loop: engines -+--> policies   (Batch)
//	policies   --answers---------> inbox --+    one goroutine  +--> egresses   (Item)
//	callers    --Join, Publish...-> inbox --+                   +--> rendezvous, events
//
// Everything that touches an engine, the link table or the budget runs on the loop. Every queue is bounded:
//
//	inbox, chunk frames   8192   drop newest, counted: the engine repairs
//	inbox, the rest      65536   drop newest, counted; beyond it the link that floods is closed
//	egress feed            256   drop newest until the next random-access group, counted
//	policy batch             1   the engine coalesces
package node
