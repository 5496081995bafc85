// Package egresstest judges an implementation of egress.Egress: each promise of the contract is one subtest.
//
//	func TestContract(t *testing.T) {
//		egresstest.Suite(t, egresstest.Harness{New: hls.New, Target: target, First: a, Second: b, ...})
//	}
//
// The same suite judges an egress that is linked in and one that runs as a plugin's process. It starts goroutines
// of its own and leaves none behind.
package egresstest
