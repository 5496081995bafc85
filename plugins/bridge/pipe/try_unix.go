//go:build linux || darwin

package pipe

import (
	"errors"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// rawOf is the descriptor of a Unix socket; nil for any other connection.
func rawOf(c net.Conn) syscall.RawConn {
	u, ok := c.(*net.UnixConn)
	if !ok {
		return nil
	}
	raw, err := u.SyscallConn()
	if err != nil {
		return nil
	}
	return raw
}

// tryWrite writes what the socket takes at once, and tells how many bytes that was.
func tryWrite(raw syscall.RawConn, parts [][]byte) (n int, err error) {
	werr := raw.Write(func(fd uintptr) bool {
		for {
			n, err = unix.Writev(int(fd), parts)
			if !errors.Is(err, unix.EINTR) {
				return true // never wait for the socket
			}
		}
	})
	if errors.Is(err, unix.EAGAIN) {
		n, err = 0, nil
	}
	if n < 0 {
		n = 0
	}
	if werr != nil {
		return n, werr
	}
	return n, err
}
