// Package plugincheck judges a plugin from outside: any executable, in any language, through the real host and with the
// contract suites of core, a verdict for each clause and a summary of timings.
//
//	shoal plugin test PATH                      shoal plugin conform (the child, hidden)
//	  Check: start it, see what it offers
//	         run the child         -- Job -->   Conform: the suite of the kind, as go test would run it
//	         read its transcript  <-- lines --  harness: a host a rig, the plugin behind it
//	         time it
//
// The suites are made for go test. They run in a child so that a hang, a crash or a panic in there costs the clause in
// which it happened and no more: Check writes down what it has, and starts another child for the clauses that are left.
//
// A Checker is for one goroutine at a time. Whatever it starts has ended when Check returns.
package plugincheck
