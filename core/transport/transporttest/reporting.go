package transporttest

import (
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

func (s *suite) usage(t *testing.T) {
	a, b := s.start(t), s.start(t)
	here, there := a.link(b)
	a.await("Usage of the handshake", soon, func(r *records) bool { return r.usage.Sent > 0 && r.usage.Received > 0 })
	before, beforeThere := a.sink.used(), b.sink.used()
	const frames, size = 20, 10000
	for range frames {
		if err := a.Transport.SendControl(here, make([]byte, size)); err != nil {
			t.Fatalf("SendControl: %v", err)
		}
	}
	b.await("the frames", soon, func(r *records) bool { return len(r.links[there].control) == frames })
	const payload = frames * size
	a.await("Usage beyond the payload", soon, func(r *records) bool { return r.usage.Sent > before.Sent+payload })
	b.await("Usage beyond the payload", soon, func(r *records) bool { return r.usage.Received > beforeThere.Received+payload })
	if more := a.sink.used().Sent - before.Sent - payload; more > payload/2 {
		t.Errorf("%d bytes left for %d of payload; headers and acknowledgements cannot be so many", more+payload, payload)
	}
	chunk := a.Transport.Capabilities()
	before = a.sink.used()
	a.sendUntil(b, transport.Frame{Data: pattern(chunk.MaxChunk, 1), To: []transport.LinkID{here}}, func(r *records) bool {
		return len(r.links[there].chunks) >= 20
	})
	a.await("Usage of chunk frames", soon, func(r *records) bool {
		return r.usage.Sent >= before.Sent+uint64(20*chunk.MaxChunk)
	})
}

func (s *sink) used() transport.Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.usage
}

func (s *suite) measured(t *testing.T) {
	a, b := s.start(t), s.start(t)
	here, _ := a.link(b)
	frame := transport.Frame{Data: pattern(500, 1), To: []transport.LinkID{here}}
	a.sendUntil(a, frame, func(r *records) bool { return r.links[here].measured.RTT > 0 })
	m := a.of(here).measured
	if m.RTT > 5*time.Second {
		t.Errorf("a round trip of %v on one machine", m.RTT)
	}
	if least := a.Transport.Capabilities().MaxChunk; m.MaxChunk < least {
		t.Errorf("MaxChunk %d; every link takes %d", m.MaxChunk, least)
	}
}

func (s *suite) signalAndPunch(t *testing.T) {
	a, b := s.start(t), s.start(t)
	var stranger swarm.PeerID
	for n := range 4 {
		data := pattern(n*200, uint32(n))
		a.timed("Signal", func() { a.Transport.Signal(b.id, data) })
		a.timed("Signal", func() { a.Transport.Signal(stranger, data) })
	}
	odd := []swarm.Address{"", ":", "other:1", swarm.Address(a.Transport.Capabilities().Scheme + ":nobody at all")}
	a.timed("Punch", func() { a.Transport.Punch(append(odd, b.addresses()...), 0) })
	a.timed("Punch", func() { a.Transport.Punch(b.addresses(), time.Hour) })
	a.timed("Punch", func() { a.Transport.Punch(nil, -time.Hour) })
	a.link(b)
}
