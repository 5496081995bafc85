// Package schedulertest is the contract suite of scheduling policies: one subtest a clause of package scheduler. A
// policy passes it linked in, and behind a process, in the same way:
//
//	func TestContract(t *testing.T) { schedulertest.Suite(t, substream.New) }
//
// The suite plays the engine's part with a Host: a model of links, subscriptions and candidates that a seed drives,
// that judges every action, carries it out or refuses it, and reports the outcome as changes. Its time is virtual.
package schedulertest
