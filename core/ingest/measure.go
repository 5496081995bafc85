package ingest

import "time"

// Measurer is implemented by an ingest that is told by its source when media was captured.
type Measurer interface {
	// Measured gives the delays, from the source's wall clock at capture to Born, of the groups since the last call: the
	// newest thousand or so, oldest first. It may be called from any goroutine at any time. The two clocks are
	// compared as they are: where the source runs on another machine, their offset is in the figures.
	Measured() []time.Duration
}
