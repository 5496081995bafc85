// Package transporttest is the contract suite of core/transport: one subtest a clause of transport.go. Every
// implementation runs the whole of it, linked in or behind a plugin, through nothing but transport.Transport:
//
//	func TestContract(t *testing.T) {
//		transporttest.Suite(t, func(t *testing.T, cfg transport.Config) transporttest.Endpoint { ... })
//	}
//
// The sink of the suite checks the order of events of every link in every clause: Up first, Down once, nothing
// after it. Subtests run at the same time, each with endpoints of its own. Time bounds are those of the
// contract where it has any, and several times what an implementation should need elsewhere, since machines
// that run tests are busy.
package transporttest
