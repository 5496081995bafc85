//go:build !unix

package demo

import "time"

// processUsage is not measured here.
func processUsage() (cpu time.Duration, rss uint64) { return 0, 0 }
