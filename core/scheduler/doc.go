// Package scheduler is the contract of a policy: the piece-selection scheduler that decides, for one peer on
// one stream, whom to link to, what to subscribe to, whom to push to, and what to ask for.
//
// # A conversation
//
// The engine emits batches of changes; the policy folds them into a view of its own and answers with
// actions. Nobody waits: chunks go on flowing by the standing orders in force.
//
//	engine --Batch{Revision 7, Changes}--> policy
//	engine <--Answer{Revision 7, Actions}-- policy
//	engine --Batch{Revision 8, [Refused...]}--> policy
//
// Its laws, which schedulertest and the engine's stories check:
//
//  1. Batches are numbered 1, 2, 3, ... without a gap. Snapshot is set on the first batch that a policy
//     sees, on the first after a restart, and after an overflow: a snapshot replaces all the policy knew,
//     and consists of the Stream, Capacity, Link, Subscribed, Held and Order changes that describe the state.
//  2. An answer names the revision that it saw. An action that no longer fits (the link is gone, the chunk
//     expired) is refused, and the refusal comes back as a Refused change. It does no harm.
//  3. Link ids are never used again.
//  4. Push, Announce and Repair are standing orders: they replace the order before for the same substream
//     or link, and stay in force, while the policy is slow, dead or being replaced too.
//  5. WakeAt asks for a batch at that time, empty if nothing changed. Without it a policy hears only changes.
//  6. At most MaxChanges wait for a policy. Beyond that they are dropped and the next batch is a snapshot.
//  7. A policy that has not answered for Patience is replaced by the host's fallback, and returns after
//     Probation of timely answers, each time with a snapshot.
//
// Times are durations since the engine began, on its own clock. The package is pure, and a policy that
// answers equal batches with equal answers makes the simulator deterministic: take chance from the Seed of
// the Stream change.
package scheduler
