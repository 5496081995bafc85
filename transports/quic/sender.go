package quic

import (
	"net/netip"
	"sync"
)

// sender writes the sealed packets of all links, one goroutine an endpoint. Its queue is bounded by the gates: so many
// frames a link. Frames are kept as they were handed over, and sealed when they leave.
type sender struct {
	mu    sync.Mutex
	queue []outgoing
	wake  chan struct{} // holds one token while something waits
}

// outgoing is one frame for one link.
type outgoing struct {
	link  *link
	frame []byte
}

// put queues a frame that the link's gate has taken. kick must follow.
func (s *sender) put(l *link, frame []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, outgoing{l, frame})
}

// kick wakes the sender.
func (s *sender) kick() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// take hands over what waits; the slice passed in is used for what comes next.
func (s *sender) take(empty []outgoing) []outgoing {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch := s.queue
	s.queue = empty[:0]
	return batch
}

// send writes sealed packets until the context ends.
func (e *endpoint) send() {
	buffer := make([]byte, 0, sealedMax)
	var batch []outgoing
	for {
		select {
		case <-e.ctx.Done():
			return
		case <-e.sender.wake:
		}
		for batch = e.sender.take(batch); len(batch) > 0; batch = e.sender.take(batch) {
			for i := range batch {
				buffer = batch[i].link.sendSealed(buffer[:0], batch[i].frame)
			}
			clear(batch)
		}
	}
}

// sendSealed writes one packet. What the socket does not take is lost, as it might be anywhere on its way.
func (l *link) sendSealed(buffer, frame []byte) []byte {
	packet, err := l.sealer.seal(buffer, frame)
	if err == nil {
		if to := l.to.Load(); to != nil {
			l.e.socket.writeSealed(packet, to)
			l.sealedCount.Add(1)
		}
	}
	if l.gate.gone() {
		l.writable()
	}
	return packet
}

// path is where a link's packets go, and from which of this node's addresses.
type path struct {
	to  netip.AddrPort
	oob []byte // control message with the source address; nil where the socket has one only
}
