package pipe

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// tried is a Unix socket that can be written to without waiting.
type tried struct {
	plain
	raw syscall.RawConn
}

// streamOf is c with what the platform has beyond net.Conn.
func streamOf(c net.Conn) stream {
	if u, ok := c.(*net.UnixConn); ok {
		if raw, err := u.SyscallConn(); err == nil {
			return tried{plain{c}, raw}
		}
	}
	return plain{c}
}

func (s tried) try(parts *net.Buffers) error {
	var n int
	var err error
	werr := s.raw.Write(func(fd uintptr) bool {
		for {
			n, err = unix.Writev(int(fd), *parts)
			if !errors.Is(err, unix.EINTR) {
				return true // never wait for the socket
			}
		}
	})
	if n > 0 {
		skip(parts, n)
	}
	if errors.Is(err, unix.EAGAIN) {
		err = nil
	}
	return errors.Join(werr, err)
}
