//go:build !race

package schedulertest

// instrumented is how many times slower than a host's program a policy may be here.
const instrumented = 1
