package hls

import (
	"time"
)

// pacer says when a unit that came in a burst is due. Each piece shows a distance: from the time of its first unit to the moment that it
// came. What is due is behind its time by the largest distance of late, so that no piece of late would have come after it was due:
//
//	due = time of decoding + delay        delay = max(distance) over the last 10 s, 8 pieces at least
//
// A piece that comes later moves the delay at once, and so nothing is sent in a burst after a stall; when the delay is
// more than is needed it shrinks by 5 % of the time that passes. Drift of the two clocks goes the same way.
type pacer struct {
	zero  time.Time // distances count from it; set by the first piece
	seen  []distance
	delay time.Duration
	moved time.Time // when delay was set last
}

// distance is what one piece has shown.
type distance struct {
	came  time.Time
	value time.Duration
}

const (
	remembered = 10 * time.Second
	fewest     = 8    // pieces, however long they are
	most       = 1024 // the same, above which the oldest goes
	shrink     = 20   // a 20th of the time that passes
)

// piece takes the time of decoding of the first unit of a piece that came just now. slack is how much later than it should the next may
// come.
func (p *pacer) piece(first, slack time.Duration, came time.Time) {
	if p.zero.IsZero() {
		p.zero = came
	}
	p.seen = append(p.seen, distance{came, came.Sub(p.zero) - first + slack})
	for len(p.seen) > fewest && (came.Sub(p.seen[0].came) > remembered || len(p.seen) > most) {
		p.seen = p.seen[1:]
	}
	largest := p.seen[0].value
	for _, d := range p.seen {
		largest = max(largest, d.value)
	}
	if len(p.seen) > 1 {
		largest = max(largest, p.delay-came.Sub(p.moved)/shrink)
	}
	p.delay, p.moved = largest, came
}

// due is when a unit that is decoded at dts is handed over. A piece has come before.
func (p *pacer) due(dts time.Duration) time.Time { return p.zero.Add(dts + p.delay) }
