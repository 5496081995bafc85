package impair

import (
	"errors"
	"net"
	"time"
)

const (
	pause     = 500 * time.Microsecond // least time between two rounds of sending
	roundSize = 128                    // packets of one round
)

// run sends what is due until the Conn is closed.
func (c *Conn) run() {
	defer close(c.done)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	sender := newSender(c.UDPConn)
	round := make([]*packet, 0, roundSize)
	for {
		var sleep time.Duration
		var open bool
		if round, sleep, open = c.take(round[:0]); !open {
			return
		}
		if len(round) > 0 {
			c.report(sender.send(round))
			for _, p := range round {
				p.clear()
				c.packets.Put(p)
			}
			clear(round)
		}
		c.sleep(timer, sleep)
	}
}

// take is what is due now, up to a round, and how long to sleep after it. It is not open once the Conn is closed.
func (c *Conn) take(round []*packet) (due []*packet, sleep time.Duration, open bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return round, 0, false
	}
	now := time.Since(c.began)
	next, some := c.line.next()
	for now >= c.ready && some && next <= now && len(round) < roundSize {
		round = append(round, c.line.pop())
		next, some = c.line.next()
	}
	c.until = awake
	switch {
	case !some && c.empty != nil && len(round) == 0:
		close(c.empty)
		c.empty = nil
	case !some && c.empty != nil, len(round) == roundSize:
		return round, 0, true // and look again
	}
	if len(round) > 0 {
		c.ready = now + pause
	}
	if !some {
		c.until = never
		return round, never, true
	}
	c.until = max(next, c.ready)
	return round, c.until - now, true
}

// sleep returns when the time is over or there is a reason to look.
func (c *Conn) sleep(timer *time.Timer, d time.Duration) {
	switch d {
	case 0:
	case never:
		<-c.wake
	default:
		timer.Reset(d)
		select {
		case <-timer.C:
		case <-c.wake:
		}
	}
}

func (c *Conn) report(r result) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stats.Sent += r.sent
	c.stats.Failed += r.failed
	c.stats.Writes += r.writes
}

// result is what became of one round.
type result struct {
	sent, failed, writes uint64 // packets, packets, messages
}

// alone sends packets one by one.
func alone(conn *net.UDPConn, list []*packet, r *result) {
	for _, p := range list {
		_, _, err := conn.WriteMsgUDPAddrPort(p.data, p.control.oob(), p.to.addr.AddrPort())
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			r.failed++ // as a router that drops it: the sender is not told
			continue
		}
		r.sent++
		r.writes++
	}
}
