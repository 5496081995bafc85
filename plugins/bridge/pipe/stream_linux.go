package pipe

import (
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// direct is a Unix socket that Go's poller does not watch. The poller would watch for room to write, too, and wake a thread of
// whoever writes each time that the other end reads; here only who waits is woken.
type direct struct {
	fd       int
	readable *waiter
	linger   linger // of who reads

	mu       sync.Mutex
	writable *waiter // made when first waited for
	users    int     // of fd
	closed   bool
}

// streamOf is c without Go's poller, or c where that is not to be.
func streamOf(c net.Conn) stream {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return plain{c}
	}
	s, err := newDirect(u)
	if err != nil { // out of descriptors
		return plain{c}
	}
	c.Close()
	return s
}

func newDirect(c *net.UnixConn) (*direct, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	s := &direct{linger: linger{now: time.Now}}
	var dupErr error
	if err := raw.Control(func(fd uintptr) { s.fd, dupErr = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		return nil, err
	}
	if dupErr != nil {
		return nil, dupErr
	}
	if s.readable, err = newWaiter(s.fd, unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLET); err != nil {
		_ = unix.Close(s.fd) // nothing can be done about it
		return nil, err
	}
	return s, nil
}

func (s *direct) read(into []byte) (n int, err error) {
	if err := s.enter(); err != nil {
		return 0, err
	}
	defer s.leave()
	looked := false
	if s.readable.wait(func() bool {
		if n, err = readNow(s.fd, into); !errors.Is(err, unix.EAGAIN) {
			return true
		}
		if !looked {
			looked = true
			if n, err = s.linger.look(s.fd, into); !errors.Is(err, unix.EAGAIN) {
				return true
			}
		}
		return false
	}) != nil {
		return 0, net.ErrClosed
	}
	if looked {
		s.linger.done(n)
	}
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

func (s *direct) try(parts *net.Buffers) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	_, err := s.now(parts)
	return err
}

func (s *direct) write(parts *net.Buffers) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	for len(*parts) > 0 {
		full, err := s.now(parts)
		if err == nil && full {
			err = s.room()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// now writes what the socket takes, and tells whether it is full.
func (s *direct) now(parts *net.Buffers) (full bool, err error) {
	n, err := writeNow(s.fd, *parts)
	if errors.Is(err, unix.EAGAIN) {
		return true, nil
	}
	if err == nil {
		skip(parts, n)
	}
	return false, err
}

// room waits until the socket takes something again.
func (s *direct) room() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return net.ErrClosed
	}
	if s.writable == nil {
		w, err := newWaiter(s.fd, unix.EPOLLONESHOT)
		if err != nil {
			s.mu.Unlock()
			return err
		}
		s.writable = w
	}
	w := s.writable
	s.mu.Unlock()
	if err := w.once(s.fd, unix.EPOLLOUT); err != nil {
		return net.ErrClosed
	}
	return nil
}

func (s *direct) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	_ = unix.Shutdown(s.fd, unix.SHUT_RDWR) // the other end may be gone
	s.readable.close()
	if s.writable != nil {
		s.writable.close()
	}
	if s.users == 0 {
		_ = unix.Close(s.fd) // nothing can be done about it
	}
}

// enter keeps the descriptor open until leave.
func (s *direct) enter() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.users++
	return nil
}

func (s *direct) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.users--; s.users == 0 && s.closed {
		_ = unix.Close(s.fd) // nothing can be done about it
	}
}
