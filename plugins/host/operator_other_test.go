//go:build unix && !linux

package host_test

const holdsLimits = false

func moreTroubles() []trouble { return nil }
