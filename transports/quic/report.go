package quic

import (
	"time"

	"github.com/shoal-live/shoal/core/transport"
)

// tick reports usage every 100 ms and links every second, and minds the gates.
func (e *endpoint) tick() {
	ticker := time.NewTicker(usageEvery)
	defer ticker.Stop()
	var last transport.Usage
	for n := 0; ; n++ {
		select {
		case <-e.ctx.Done():
			return
		case now := <-ticker.C:
			if u := e.usage(); u != last {
				last = u
				e.sink.Event(u)
			}
			for _, l := range *e.links.Load() { // order-free: links are independent of one another
				if !l.announced.Load() {
					continue
				}
				l.follow()
				if l.gate.tick(now) {
					l.writable()
				}
				if n%measureEvery == measureEvery-1 {
					l.measure()
				}
			}
		}
	}
}

func (e *endpoint) usage() transport.Usage {
	return transport.Usage{Sent: e.socket.sent.Load(), Received: e.socket.received.Load()}
}

// report tells the usage a last time.
func (e *endpoint) report() { e.sink.Event(e.usage()) }

// measure reports the link where packets went to and fro since the last time.
func (l *link) measure() {
	stats := l.conn.ConnectionStats()
	l.gate.setLimit(stats.CongestionWindow, stats.SmoothedRTT)
	packets, sealed := stats.PacketsSent+stats.PacketsReceived, l.sealedCount.Load()
	if packets == l.packets && sealed == l.sealed {
		return
	}
	l.packets, l.sealed = packets, sealed
	if l.gate.packing == asDatagrams { // a stream's losses are repaired, those of sealed packets only the receiver sees
		l.lost = max(l.lost, stats.PacketsLost)
	}
	l.event(transport.Measured{Link: l.id, RTT: stats.SmoothedRTT, Lost: l.lost, MaxChunk: maxChunk})
}
