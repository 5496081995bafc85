package node

import (
	"time"

	"github.com/shoal-live/shoal/core/transport"
)

// usage follows the counters of one transport through its lives.
type usage struct {
	last     transport.Usage
	Sent     uint64 // wire bytes, over all lives
	Received uint64
}

// restart begins a new life, whose counters begin at 0.
func (u *usage) restart() { u.last = transport.Usage{} }

// add takes a new reading and answers what was sent since the last.
func (u *usage) add(e transport.Usage) uint64 {
	sent := e.Sent - min(u.last.Sent, e.Sent)
	u.Sent += sent
	u.Received += e.Received - min(u.last.Received, e.Received)
	u.last = e
	return sent
}

// meter finds the greatest number of bytes that left in any one second. What a reading tells of left evenly since the one before.
type meter struct {
	samples []sample      // that reach into the last second, oldest first
	last    time.Duration // the last reading
	Most    uint64        // bytes
}

// readAtLeast is how often usage is told while anything leaves, if that is late.
const readAtLeast = 200 * time.Millisecond

type sample struct {
	from, at time.Duration
	bytes    uint64
}

func (m *meter) add(now time.Duration, bytes uint64) {
	if bytes == 0 {
		return
	}
	m.samples = append(m.samples, sample{max(m.last, now-readAtLeast), now, bytes})
	m.last = now
	began := now - time.Second
	old := 0
	for old < len(m.samples)-1 && m.samples[old].at <= began {
		old++
	}
	m.samples = append(m.samples[:0], m.samples[old:]...)
	window := uint64(0)
	for _, s := range m.samples {
		if s.from < began && s.at > s.from {
			s.bytes = uint64(float64(s.bytes) * float64(s.at-began) / float64(s.at-s.from))
		}
		window += s.bytes
	}
	m.Most = max(m.Most, window)
}

// granted compares what engines were granted with what the sockets say.
type granted struct {
	bytes uint64 // granted since the last reading
	debt  int64  // sent without a grant, not yet charged; below 0 when grants were too generous
}

func (g *granted) add(bytes uint64) { g.bytes += bytes }

// settle takes a reading and answers the bytes to charge.
func (g *granted) settle(sent uint64) int {
	g.debt += int64(sent) - int64(g.bytes)
	g.bytes = 0
	g.debt = max(g.debt, -maxCredit)
	if g.debt <= 0 {
		return 0
	}
	d := g.debt
	g.debt = 0
	return int(d)
}

// maxCredit bounds what over-estimated frames can save up, in bytes.
const maxCredit = 16 << 10

// handshakeBytes is about what this end sends while a link comes up, in wire bytes.
const handshakeBytes = 4000

// charge counts bytes that leave without a grant at once, before the socket's next reading shows them: the cap holds
// over any second only if what follows waits for them.
func (n *Node) charge(bytes int) {
	n.granted.add(uint64(bytes))
	n.budget.Charge(n.now(), bytes)
}

// used takes a reading of a transport's socket.
func (n *Node) used(s *slot, e transport.Usage) {
	sent := s.meter.add(e)
	n.egress.add(n.now(), sent)
	if extra := n.granted.settle(sent); extra > 0 {
		n.budget.Charge(n.now(), extra)
	}
}
