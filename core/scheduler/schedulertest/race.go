//go:build race

package schedulertest

// instrumented is how many times slower than a host's program a policy may be here: the race detector makes memory accesses
// five to fifteen times slower.
const instrumented = 10
