package main

import (
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/shoal-live/shoal/core/transport"
)

// tick reports usage every tickEvery, and minds the links.
func (e *endpoint) tick() {
	ticker := time.NewTicker(tickEvery)
	defer ticker.Stop()
	var last transport.Usage
	for n := 1; ; n++ {
		select {
		case <-e.ctx.Done():
			return
		case <-ticker.C:
		}
		if u := e.meter.usage(); u != last {
			last = u
			e.sink.Event(u)
		}
		e.links.Range(func(_, v any) bool {
			v.(*link).mind(n)
			return true
		})
	}
}

// mind is called every tickEvery.
func (l *link) mind(n int) {
	if l.wire.quiet.Add(1) > silentFor {
		l.close(fmt.Errorf("%w: nothing heard for %v", transport.ErrTimeout, silentFor*tickEvery), "nothing heard from you")
		return
	}
	l.out.measure(l.wire.window())
	if n%pingEvery != 0 {
		return
	}
	l.ping()
	if rtt := l.pulse.smoothed(); rtt > 0 {
		l.report(transport.Measured{Link: l.id, RTT: rtt, MaxChunk: maxChunk})
	}
}

func (l *link) ping() { l.out.ping(kindPing, l.pulse.ask(time.Now())) }

// pulse measures round trips, one ping at a time.
type pulse struct {
	mu    sync.Mutex
	asked time.Time // zero when answered
	token uint64
	rtt   time.Duration
}

// ask is the token of a ping that leaves now. Only the newest is waited for.
func (p *pulse) ask(now time.Time) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.token++
	p.asked = now
	return binary.BigEndian.AppendUint64(nil, p.token)
}

// answered takes the token of a pong; one that was not asked for says nothing.
func (p *pulse) answered(token []byte, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.asked.IsZero() || binary.BigEndian.Uint64(token) != p.token {
		return
	}
	sample := max(now.Sub(p.asked), time.Microsecond)
	p.asked = time.Time{}
	if p.rtt == 0 {
		p.rtt = sample
	}
	p.rtt += (sample - p.rtt) / 8 // RFC 6298
}

// smoothed is the round trip, 0 when none was measured.
func (p *pulse) smoothed() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.rtt
}
