package baseline

import (
	"sync"
	"time"
)

// patience is how long after the first reader another may get a unit, for it to count as received.
const patience = time.Second

// timeline knows all units that any reader got whole, by a key that is the same for all readers. All methods may be called
// at once. It grows until the window ends.
type timeline[K comparable] struct {
	mu       sync.Mutex
	units    map[K]unit
	from, to time.Time // of first completions that are due; zero until the window opens
	due      int
}

type unit struct {
	first time.Time
	index int // among those due; -1 for one that is not
}

// open begins the window, which ends so much later.
func (t *timeline[K]) open(now time.Time, length time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.from, t.to = now, now.Add(length-patience)
}

// complete tells that a reader has the unit of that key. index is its place among those due, -1 for one that is not or is
// too late.
func (t *timeline[K]) complete(key K, now time.Time) (index int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	u, ok := t.units[key]
	if !ok {
		u = unit{first: now, index: -1}
		if !t.from.IsZero() && now.Before(t.to) {
			u.index = t.due
			t.due++
		}
		if t.units == nil {
			t.units = make(map[K]unit)
		}
		if t.from.IsZero() || now.Before(t.to) {
			t.units[key] = u
		}
	}
	if now.Sub(u.first) > patience {
		return -1
	}
	return u.index
}

// total is how many were due.
func (t *timeline[K]) total() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.due
}
