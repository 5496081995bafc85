package main

import (
	"net"
	"sync/atomic"

	"github.com/shoal-live/shoal/core/transport"
)

// wire is a TCP connection that counts what it carries. It is TLS's net.Conn.
type wire struct {
	*net.TCPConn
	headers uint64       // bytes of each segment's headers
	quiet   atomic.Int32 // ticks without a byte from the other end

	carried transport.Usage // what was told last; the meter's lock guards it

	// What is estimated where the kernel does not count.
	sent, sentSegments, received, receivedSegments atomic.Uint64
}

// newWire takes over a connection and tells its kernel to queue as little as it can.
func newWire(c *net.TCPConn) *wire {
	w := &wire{TCPConn: c, headers: ipv4Headers}
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok && a.IP.To4() == nil {
		w.headers = ipv6Headers
	}
	_ = c.SetNoDelay(true) // where a socket takes no option the connection has ended, and shows it soon
	w.queueLittle()
	return w
}

// Read notes that the other end lives.
func (w *wire) Read(p []byte) (int, error) {
	n, err := w.TCPConn.Read(p)
	if n > 0 {
		w.quiet.Store(0)
		w.received.Add(uint64(n))
		w.receivedSegments.Add(segments(n))
	}
	return n, err
}

// Write counts.
func (w *wire) Write(p []byte) (int, error) {
	n, err := w.TCPConn.Write(p)
	w.sent.Add(uint64(n))
	w.sentSegments.Add(segments(n))
	return n, err
}

// segments is in how many pieces n bytes travel at the usual MTU of 1500.
func segments(n int) uint64 { return (uint64(n) + 1447) / 1448 }

// estimated is the usage where the kernel does not tell: one acknowledgement for two segments.
func (w *wire) estimated() transport.Usage {
	out, in := w.sentSegments.Load(), w.receivedSegments.Load()
	return transport.Usage{
		Sent:     w.sent.Load() + (out+in/2)*w.headers,
		Received: w.received.Load() + (in+out/2)*w.headers,
	}
}

// usage is what has been carried so far. It never goes back, not even when the kernel tells nothing any more.
func (w *wire) usage() transport.Usage {
	now, told := w.counted()
	if !told {
		now = w.estimated()
	}
	w.carried.Sent = max(w.carried.Sent, now.Sent)
	w.carried.Received = max(w.carried.Received, now.Received)
	return w.carried
}

// reset ends a connection at once, for strangers that are one too many.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0) // a kernel that refuses says goodbye instead
	_ = c.Close()
}
