package baseline

import (
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bluenviron/gohlslib/v2/pkg/playlist"

	"github.com/shoal-live/shoal/core/report"
)

// window is whether what happens now is measured; all readers share it.
type window struct{ open atomic.Bool }

// meter is what one reader measured. The counters may be added to from several goroutines at once.
type meter struct {
	window *window

	payload, stream, segments atomic.Uint64

	mu          sync.Mutex
	came        time.Time
	startup     time.Duration // 0 before a picture at which decoding can begin
	delay, part report.Tally
	holdBack    time.Duration
	read        bool // it had a whole unit
	first       int  // index of the first unit that was due here; valid with read
	received    int  // of those due
	err         error
}

// media counts bytes of media.
func (m *meter) media(n int) {
	if m.window.open.Load() {
		m.payload.Add(uint64(n))
	}
}

// started tells that there is a picture at which decoding can begin.
func (m *meter) started(now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.startup == 0 {
		m.startup = max(now.Sub(m.came), 1)
	}
}

// whole tells that a unit is complete, which the timeline has at that index.
func (m *meter) whole(index int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.read && (index >= 0 || !m.window.open.Load()) {
		m.read, m.first = true, max(index, 0)
	}
	if index >= 0 {
		m.received++
	}
}

// late counts the delay of one access unit that is complete now.
func (m *meter) late(now, captured time.Time) {
	if !m.window.open.Load() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.delay.Add(now.Sub(captured).Microseconds())
}

// latePart counts the delays of a part and of so many access units in it.
func (m *meter) latePart(now time.Time, p part, units int) {
	if !m.window.open.Load() {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.part.Add(now.Sub(p.captured).Microseconds())
	for i := range units {
		captured := p.captured.Add(p.duration * time.Duration(i) / time.Duration(units))
		m.delay.Add(now.Sub(captured).Microseconds())
	}
}

// Sizes on the wire, in bytes: what a full segment of TCP holds on Ethernet, and what goes before it, IPv4 and TCP with
// timestamps.
const (
	segmentSize = 1448
	headerSize  = 52
)

// counted is a connection whose inbound bytes count.
type counted struct {
	net.Conn
	meter *meter
}

func (c counted) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if n > 0 && c.meter.window.open.Load() {
		c.meter.stream.Add(uint64(n))
		c.meter.segments.Add(uint64(n+segmentSize-1) / segmentSize)
	}
	return n, err
}

// holdsBack takes what a playlist asks of players.
func (m *meter) holdsBack(c playlist.MediaServerControl) {
	if c.PartHoldBack == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.holdBack = *c.PartHoldBack
}
