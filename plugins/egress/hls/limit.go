package hls

import (
	"net"
	"sync"
)

// limited closes connections that come while most are open.
type limited struct {
	net.Listener
	slots chan struct{}
}

func limit(l net.Listener, most int) net.Listener {
	return &limited{Listener: l, slots: make(chan struct{}, most)}
}

// Accept implements net.Listener.
func (l *limited) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case l.slots <- struct{}{}:
			return &counted{Conn: c, free: func() { <-l.slots }}, nil
		default:
			_ = c.Close() // nothing was read or written
		}
	}
}

// counted gives its slot back once.
type counted struct {
	net.Conn
	once sync.Once
	free func()
}

// Close implements net.Conn.
func (c *counted) Close() error {
	c.once.Do(c.free)
	return c.Conn.Close()
}
