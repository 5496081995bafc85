package hls

import (
	"sync"
	"time"
)

// delays keeps the newest maxDelays measures; when it is full the oldest goes.
type delays struct {
	mu   sync.Mutex
	kept []time.Duration
}

const maxDelays = 1024

func (d *delays) add(v time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.kept) == maxDelays {
		d.kept = append(d.kept[:0], d.kept[1:]...)
	}
	d.kept = append(d.kept, v)
}

func (d *delays) drain() []time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	out := d.kept
	d.kept = nil
	return out
}
