//go:build !race

package host

const instrumented = ""
