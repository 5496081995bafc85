package ingest

import (
	"sync"
	"time"
)

// Measurer is implemented by an ingest that is told by its source when media was captured.
type Measurer interface {
	// Measured gives the delays, from the source's wall clock at capture to Born, of the groups since the last call: the
	// newest thousand or so, oldest first. It may be called from any goroutine at any time. The two clocks are
	// compared as they are: where the source runs on another machine, their offset is in the figures.
	Measured() []time.Duration
}

// Delays is what a Measurer answers from: it keeps the newest of them. Its zero value is ready, and its methods may be called by
// several goroutines at once.
type Delays struct {
	mu   sync.Mutex
	kept []time.Duration
}

// maxDelays bounds what is kept; when it is full the oldest goes.
const maxDelays = 1024

// Add keeps one delay.
func (d *Delays) Add(v time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.kept) == maxDelays {
		d.kept = append(d.kept[:0], d.kept[1:]...)
	}
	d.kept = append(d.kept, v)
}

// Measured gives those since the last call, oldest first.
func (d *Delays) Measured() []time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.kept
	d.kept = nil
	return out
}
