package main

import (
	"sync"

	"github.com/shoal-live/shoal/core/transport"
)

// synBytes is what a dial costs that nobody answers: IPv4, TCP and the options of a SYN.
const synBytes = 60

// meter adds up the wire bytes of all connections, those that have ended included.
type meter struct {
	mu    sync.Mutex
	ended transport.Usage
	wires map[*wire]struct{}
}

func (m *meter) add(w *wire) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.wires == nil {
		m.wires = make(map[*wire]struct{})
	}
	m.wires[w] = struct{}{}
}

// drop closes a connection and keeps what it has carried.
func (m *meter) drop(w *wire) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, here := m.wires[w]; here {
		delete(m.wires, w)
		u := w.usage()
		m.ended.Sent += u.Sent + 2*w.headers
		m.ended.Received += u.Received + 2*w.headers
	}
	_ = w.Close()
}

// unanswered counts a dial that came to nothing.
func (m *meter) unanswered() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended.Sent += synBytes
}

// usage is what all connections have carried.
func (m *meter) usage() transport.Usage {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := m.ended
	for w := range m.wires { // order-free: a sum
		u := w.usage()
		all.Sent += u.Sent
		all.Received += u.Received
	}
	return all
}
