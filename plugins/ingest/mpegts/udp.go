package mpegts

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/shoal-live/shoal/core/ingest"
)

// udp is a socket that hears one sender at a time.
type udp struct {
	conn   *net.UDPConn
	read   func([]byte) (int, netip.AddrPort, error)
	cfg    config
	from   netip.AddrPort // who is heard; the zero value before the first datagram
	heard  time.Time      // when
	warned bool           // that others send too
}

// handover is how long a sender has to be silent before another is heard: a restarted encoder sends from another port.
const handover = time.Second

// receiveBuffer is what the system is asked to keep of datagrams that have not been read, in bytes; it may grant less.
const receiveBuffer = 2 << 20

func openUDP(cfg config) (feed, error) {
	network := "udp"
	if ip, err := netip.ParseAddrPort(cfg.listen); err == nil && ip.Addr().Is4() {
		network = "udp4"
	}
	packets, err := (&net.ListenConfig{}).ListenPacket(context.Background(), network, cfg.listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%w: %s is in use by another program: stop that one, or give another port here and to the sender: %w",
			ingest.ErrSource, cfg.listen, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ingest.ErrSource, err)
	}
	u := &udp{conn: packets.(*net.UDPConn), cfg: cfg, heard: time.Now()}
	u.read = u.conn.ReadFromUDPAddrPort
	if cfg.group {
		if err := u.join(); err != nil {
			return nil, errors.Join(fmt.Errorf("%w: join %s: %w", ingest.ErrSource, cfg.listen, err), u.conn.Close())
		}
	}
	if err := u.conn.SetReadBuffer(receiveBuffer); err != nil {
		cfg.stream.Log.Debug("mpegts: the socket's buffer stays as it is", "source", cfg.stream.Name, "err", err)
	}
	return u, nil
}

// join joins the group, of one sender where that is given. The membership ends with the socket.
func (u *udp) join() error {
	var device *net.Interface
	if u.cfg.device != "" {
		var err error
		if device, err = net.InterfaceByName(u.cfg.device); err != nil {
			return fmt.Errorf("interface %s: %w", u.cfg.device, err)
		}
	}
	at, err := netip.ParseAddrPort(u.cfg.listen)
	if err != nil {
		return err
	}
	group := &net.UDPAddr{IP: at.Addr().AsSlice()}
	sender := &net.UDPAddr{IP: u.cfg.sender.AsSlice()}
	if at.Addr().Is4() {
		c := ipv4.NewPacketConn(u.conn)
		if c.SetControlMessage(ipv4.FlagDst, true) == nil { // not everywhere
			u.read = func(b []byte) (int, netip.AddrPort, error) {
				n, m, from, err := c.ReadFrom(b)
				if m != nil && !m.Dst.Equal(group.IP) { // of another group that somebody on this machine has joined
					n = 0
				}
				return n, addrPort(from), err
			}
		}
		if u.cfg.sender.IsValid() {
			return c.JoinSourceSpecificGroup(device, group, sender)
		}
		return c.JoinGroup(device, group)
	}
	c := ipv6.NewPacketConn(u.conn)
	if c.SetControlMessage(ipv6.FlagDst, true) == nil {
		u.read = func(b []byte) (int, netip.AddrPort, error) {
			n, m, from, err := c.ReadFrom(b)
			if m != nil && !m.Dst.Equal(group.IP) {
				n = 0
			}
			return n, addrPort(from), err
		}
	}
	if u.cfg.sender.IsValid() {
		return c.JoinSourceSpecificGroup(device, group, sender)
	}
	return c.JoinGroup(device, group)
}

// addrPort is a as the unicast socket gives it; the zero value for nil.
func addrPort(a net.Addr) netip.AddrPort {
	if u, ok := a.(*net.UDPAddr); ok {
		return u.AddrPort()
	}
	return netip.AddrPort{}
}

// Read implements io.Reader.
func (u *udp) Read(b []byte) (int, error) {
	for {
		if err := u.conn.SetReadDeadline(u.heard.Add(u.cfg.stream.Timeout)); err != nil {
			return 0, fmt.Errorf("%s: %w: %w", u.cfg.stream.Name, ingest.ErrSource, err)
		}
		n, from, err := u.read(b)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return 0, fmt.Errorf("%s: %w: nothing came in %v", u.cfg.stream.Name, ingest.ErrSource, u.cfg.stream.Timeout)
		case err != nil:
			return 0, fmt.Errorf("%s: %w: %w", u.cfg.stream.Name, ingest.ErrSource, err)
		case n > 0 && u.hears(from):
			return n, nil
		}
	}
}

// hears tells that a datagram of from counts.
func (u *udp) hears(from netip.AddrPort) bool {
	if u.cfg.sender.IsValid() && from.Addr().Unmap() != u.cfg.sender.Unmap() {
		return false
	}
	now := time.Now()
	if from != u.from && u.from.IsValid() && now.Sub(u.heard) < handover {
		if !u.warned {
			u.warned = true
			u.cfg.stream.Log.Warn("mpegts: a second sender is left out for as long as the first goes on",
				"source", u.cfg.stream.Name, "first", u.from, "second", from)
		}
		return false
	}
	if from != u.from {
		u.warned = false
	}
	u.from, u.heard = from, now
	return true
}

// Close implements io.Closer.
func (u *udp) Close() error { return u.conn.Close() }
