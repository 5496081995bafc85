package engine

import (
	"time"

	"github.com/shoal-live/shoal/core/swarm"
)

// clock estimates the source's wall clock, for reports alone. The source's own is right; everybody else takes over
// the estimate with the smallest error among the neighbours', each wrong by half a round trip more than theirs.
type clock struct {
	offset int64 // microseconds: source's Unix time less local time
	err    int64 // microseconds that offset may be wrong by, at the time it was taken
	at     time.Duration
	known  bool
	source bool
}

// driftPPM is how far two clocks go apart, in microseconds a second.
const driftPPM = 50

func newClock(c *Config) clock {
	source := c.Role == swarm.Source
	return clock{offset: c.Wall, err: swarm.NoClock, known: source, source: source}
}

// unix is the source's time, Unix microseconds.
func (c *clock) unix(now time.Duration) int64 { return now.Microseconds() + c.offset }

// wrong is by how much unix may be wrong, in microseconds.
func (c *clock) wrong(now time.Duration) int64 {
	if c.source {
		return 0
	}
	return c.err + int64((now-c.at)/time.Second)*driftPPM
}

// pong answers a ping; both times are now, for the engine answers at once.
func (c *clock) pong(now time.Duration, m *swarm.Ping) swarm.Pong {
	p := swarm.Pong{Sent: m.Sent, Received: c.unix(now), Error: swarm.NoClock}
	p.Replied = p.Received
	if c.known {
		p.Error = uint32(min(c.wrong(now), swarm.NoClock-1))
	}
	return p
}

// take considers a neighbour's answer to a ping sent at sent.
func (c *clock) take(now, sent, rtt time.Duration, m *swarm.Pong) {
	if c.source || m.Error == swarm.NoClock {
		return
	}
	err := int64(m.Error) + rtt.Microseconds()/2
	if c.known && err >= c.wrong(now) {
		return
	}
	here := (sent.Microseconds() + now.Microseconds()) / 2
	there := m.Received + (m.Replied-m.Received)/2
	c.offset, c.err, c.at, c.known = there-here, err, now, true
}

// pings of one link.
type pings struct {
	sent time.Duration // of the last
	next time.Duration
	done uint8 // as far as 3
	wait bool  // for the pong of the last
}

func (e *Engine) ping(l *link) {
	l.pings.sent, l.pings.wait = e.now, true
	l.pings.done = min(l.pings.done+1, 3)
	switch l.pings.done {
	case 1:
		l.pings.next = e.now + pingFirst
	case 2:
		l.pings.next = e.now + pingSecond
	default:
		l.pings.next = e.now + pingEvery
	}
	e.mail.ping = swarm.Ping{Sent: uint64(e.now.Microseconds())}
	e.send(l, &e.mail.ping)
}

func (e *Engine) pong(l *link, m *swarm.Pong) {
	if !l.pings.wait || m.Sent != uint64(l.pings.sent.Microseconds()) {
		return
	}
	l.pings.wait = false
	there := time.Duration(m.Replied-m.Received) * time.Microsecond
	rtt := e.now - l.pings.sent - there
	if there < 0 || rtt < 0 {
		return
	}
	if l.rtt == 0 {
		l.rtt = rtt
	} else {
		l.rtt += (rtt - l.rtt) / 4
	}
	e.clock.take(e.now, l.pings.sent, rtt, m)
}
