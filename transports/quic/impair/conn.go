package impair

import (
	"context"
	"fmt"
	"math"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Options are what New is given beside the socket.
type Options struct {
	Config
	Salt uint64 // beside Seed in the draws of this socket, so that sockets of one seed do not lose the same packets

	// Ordered picks packets that jitter must not let overtake one another. It is called with one packet at a time, which it
	// does not keep, and must not call the Conn. Default nil: none keeps its order.
	Ordered func(packet []byte) bool
}

// Stats count packets, since New.
type Stats struct {
	Sent       uint64 // handed to the kernel
	Lost       uint64 // by chance
	Overflowed uint64 // dropped because the wait for the uplink was too long
	Overrun    uint64 // dropped because 16384 were held
	Failed     uint64 // refused by the kernel
	Writes     uint64 // messages that the packets sent were in: fewer with segmentation offload
}

// Conn is a UDP socket whose writes are impaired. Every way of sending is; reading, deadlines of reading, buffers and the
// raw connection are the socket's own. It satisfies quic-go's OOBCapablePacketConn. It is safe for concurrent use.
type Conn struct {
	*net.UDPConn
	ordered func([]byte) bool
	began   time.Time
	packets sync.Pool     // of *packet
	wake    chan struct{} // holds one token when the goroutine sleeps for too long
	done    chan struct{} // closed when the goroutine has ended

	mu     sync.Mutex
	line   *line
	closed bool
	until  time.Duration // the goroutine sleeps until then; awake while it does not
	ready  time.Duration // when the next round may begin
	stats  Stats
	empty  chan struct{} // made by who waits until nothing is held, closed then
}

// never is a time that nothing waits for.
const never time.Duration = math.MaxInt64

// awake is earlier than any packet is due.
const awake time.Duration = math.MinInt64

// New makes conn, which is not connected, send as o says. conn belongs to the Conn from then on, and Close is due.
// Errors: ErrConfig; conn is the caller's as before.
func New(conn *net.UDPConn, o Options) (*Conn, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if conn.RemoteAddr() != nil {
		return nil, fmt.Errorf("%w: the socket is connected to %v; impair one from net.ListenUDP", ErrConfig, conn.RemoteAddr())
	}
	c := &Conn{
		UDPConn: conn, ordered: o.Ordered, began: time.Now(), wake: make(chan struct{}, 1), done: make(chan struct{}),
		line: newLine(o.Config, conn.LocalAddr().(*net.UDPAddr).AddrPort(), o.Salt), until: awake,
	}
	c.packets.New = func() any { return new(packet) }
	go c.run()
	return c, nil
}

// WriteMsgUDP is that of net.UDPConn, impaired: it answers at once, and tells of no failure that comes later.
// Errors: net.ErrClosed; what the kernel would say of oob or addr that it does not understand.
func (c *Conn) WriteMsgUDP(b, oob []byte, addr *net.UDPAddr) (n, oobn int, err error) {
	if addr == nil {
		return c.UDPConn.WriteMsgUDP(b, oob, nil) // which says what is missing
	}
	return c.WriteMsgUDPAddrPort(b, oob, addr.AddrPort())
}

// WriteMsgUDPAddrPort is WriteMsgUDP for another form of address.
func (c *Conn) WriteMsgUDPAddrPort(b, oob []byte, addr netip.AddrPort) (n, oobn int, err error) {
	if !addr.IsValid() {
		return c.UDPConn.WriteMsgUDPAddrPort(b, oob, addr)
	}
	control, size, err := splitControl(oob)
	if err != nil {
		return 0, 0, err
	}
	if err := c.write(b, control, size, addr); err != nil {
		return 0, 0, err
	}
	return len(b), len(oob), nil
}

// WriteTo is that of net.UDPConn, impaired, with the errors of WriteMsgUDP.
func (c *Conn) WriteTo(b []byte, addr net.Addr) (int, error) {
	u, ok := addr.(*net.UDPAddr)
	if !ok || u == nil {
		return c.UDPConn.WriteTo(b, addr)
	}
	return c.WriteToUDPAddrPort(b, u.AddrPort())
}

// WriteToUDP is WriteTo for another form of address.
func (c *Conn) WriteToUDP(b []byte, addr *net.UDPAddr) (int, error) { return c.WriteTo(b, addr) }

// WriteToUDPAddrPort is WriteTo for another form of address.
func (c *Conn) WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error) {
	n, _, err := c.WriteMsgUDPAddrPort(b, nil, addr)
	return n, err
}

// write admits the packets of one write: one, or segments of size bytes and a last one that may be shorter.
func (c *Conn) write(b []byte, control control, size int, addr netip.AddrPort) error {
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	if size <= 0 || size > len(b) {
		size = len(b)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return fmt.Errorf("impair: write to %v: %w", addr, net.ErrClosed)
	}
	to := c.line.towards(addr)
	now := time.Since(c.began)
	for first := true; first || len(b) > 0; first = false {
		c.admit(now, to, b[:min(size, len(b))], control)
		b = b[min(size, len(b)):]
	}
	if due, some := c.line.next(); some && c.until != awake && due < c.until-pause {
		c.until = awake
		select {
		case c.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

// admit holds one packet or counts what became of it. The lock is held.
func (c *Conn) admit(now time.Duration, to *destination, b []byte, control control) {
	o := free
	if c.ordered != nil && c.ordered(b) {
		o = keeps
	}
	due, what := c.line.admit(now, to, len(b), o)
	switch what {
	case kept:
		p := c.packets.Get().(*packet)
		p.fill(to, b, control)
		c.line.push(due, p)
	case lost:
		c.stats.Lost++
	case overflowed:
		c.stats.Overflowed++
	case overrun:
		c.stats.Overrun++
	}
}

// Change impairs by cfg what is written from now on. What was written before leaves when it would have, and occupies the
// uplink for as long; the delays of all pairs are those of cfg at once. The draws of losses and jitter go on as they were,
// whatever Seed is. Errors: ErrConfig, net.ErrClosed; nothing changes then.
func (c *Conn) Change(cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return fmt.Errorf("impair: change: %w", net.ErrClosed)
	}
	c.line.change(cfg)
	return nil
}

// Stats are the counts until now.
func (c *Conn) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// Drain waits until all that was written has left or ctx ends: a packet that is on its way does not come back when its
// sender goes. Errors: that of ctx; net.ErrClosed.
func (c *Conn) Drain(ctx context.Context) error {
	c.mu.Lock()
	if c.closed {
		c.mu.Unlock()
		return net.ErrClosed
	}
	if c.empty == nil {
		c.empty = make(chan struct{})
	}
	empty := c.empty
	c.until = awake // it has to look
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
	select {
	case <-empty:
		return nil
	case <-c.done:
		return net.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Close closes the socket and returns when the goroutine has ended. What has not left never will; see Drain.
// Errors: those of net.UDPConn, net.ErrClosed the second time.
func (c *Conn) Close() error {
	c.mu.Lock()
	c.closed = true
	c.line.held = nil
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
	err := c.UDPConn.Close() // which ends a write that waits
	<-c.done
	return err
}
