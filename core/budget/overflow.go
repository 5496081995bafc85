package budget

import "time"

// How an uplink is found that carries less than what is sent, by what its router drops.
const (
	overflowing = 150                    // share of losses, of perWhole, from which on the queue is taken to overflow: more than a line has by chance
	emptying    = 800 * time.Millisecond // that the queue of a home's router takes to empty when a quarter of the uplink is left to it
	believed    = 10 * time.Second       // that no more is believed than an overflow has shown, and a quarter of it
	shortQueue  = 200 * time.Millisecond // that a queue which overflows holds at least
)

// overflow is what the last time has shown at which the uplink's queue was too long.
type overflow struct {
	most  int64         // bytes per second: the uplink carries no more
	until time.Duration // when that is no longer believed
	empty time.Duration // when the queue is empty again
}

// overflows takes the uplink to be full, since it loses much of what is sent: what comes through is all that it carries. A
// quarter of that is left to the queue until it is empty. Delays say nothing meanwhile: those of a queue that overflows are cut
// off, and a link that began with it took it for no delay.
func (e *estimate) overflows(now time.Duration, carries int64) {
	e.above, e.exact = 0, true
	e.shown = min(carries-carries/20, e.ceiling)
	e.rate = min(max(carries-carries/4, e.floor), e.ceiling)
	e.over = overflow{most: carries + carries/4, until: now + believed, empty: now + emptying}
	e.last = lastReading{}
	e.gauge.begin(max(e.queueing(now, 3), shortQueue))
	e.losses.begin()
}

// most is the most of something in this second and in the one before.
type most struct {
	of [2]int64
	at time.Duration // when this one began
}

func (m *most) add(now time.Duration, v int64) int64 {
	if now-m.at >= time.Second {
		m.of, m.at = [2]int64{0, m.of[0]}, now
	}
	m.of[0] = max(m.of[0], v)
	return max(m.of[0], m.of[1])
}
