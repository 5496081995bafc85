package budget

import "time"

// unheard is what was granted since receipts last told of anything new. A node whose frames reach nobody carries nothing, whatever
// its uplink was seen to carry before: a path may be blocked for chunks alone.
type unheard struct {
	bytes int64
	since time.Duration // when the first of them was granted
}

const (
	unheardLeast = 20_000          // bytes that are granted
	unheardFor   = 2 * time.Second // in so long a time at least, for a receipt takes up to one
)

func (u *unheard) grant(now time.Duration, bytes int64) {
	if u.bytes == 0 {
		u.since = now
	}
	u.bytes += bytes
}

// deaf reports whether nobody hears this node.
func (u *unheard) deaf(now time.Duration) bool {
	return u.bytes >= unheardLeast && now-u.since >= unheardFor
}

// unlearn forgets what the uplink was seen to carry.
func (e *estimate) unlearn() {
	e.shown, e.exact, e.last = 0, false, lastReading{}
	e.gauge.samples = [gaugeKeeps]sample{}
}
