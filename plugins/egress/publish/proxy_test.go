package publish_test

import (
	"io"
	"net"
	"sync"
	"testing"
)

// proxy passes connections on to a server, until it is told not to.
type proxy struct {
	listener net.Listener
	server   string
	frozen   chan struct{} // closed: nothing is read from publishers any more
	ended    chan struct{} // closed with the test
	once     sync.Once
	running  sync.WaitGroup

	mu    sync.Mutex
	conns []net.Conn
}

func newProxy(t *testing.T, listen, server string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", listen)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{listener: l, server: server, frozen: make(chan struct{}), ended: make(chan struct{})}
	p.running.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		close(p.ended)
		p.cut()
		p.running.Wait()
	})
	return p
}

func (p *proxy) address() string { return p.listener.Addr().String() }

// freeze stops reading from publishers, as a server does that hangs.
func (p *proxy) freeze() { p.once.Do(func() { close(p.frozen) }) }

// cut closes every connection.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.conns {
		_ = c.Close()
	}
	p.conns = nil
}

func (p *proxy) accept() {
	for {
		from, err := p.listener.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = from.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, from, to)
		p.mu.Unlock()
		p.running.Go(func() { p.copy(to, from) })
		p.running.Go(func() {
			_, _ = io.Copy(from, to)
			_ = from.Close()
		})
	}
}

// copy is io.Copy that can freeze.
func (p *proxy) copy(to, from net.Conn) {
	defer func() { _ = to.Close() }()
	buf := make([]byte, 4096)
	for {
		select {
		case <-p.frozen:
			<-p.ended
			return
		default:
		}
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}
