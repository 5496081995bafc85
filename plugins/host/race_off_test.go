//go:build !race

package host_test

// underRace: the race detector takes several times the memory, and has words of its own when there is none.
const underRace = false
