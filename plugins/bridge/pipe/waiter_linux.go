package pipe

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// waiter lets a goroutine wait for some of the events of a descriptor: an epoll instance that watches for those alone, and is
// itself watched by Go's poller.
type waiter struct {
	file *os.File
	raw  syscall.RawConn
}

// newWaiter watches fd for events.
func newWaiter(fd int, events uint32) (*waiter, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, err
	}
	if err = unix.SetNonblock(epoll, true); err == nil { // else Go's poller does not take it
		err = unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: events})
	}
	if err != nil {
		_ = unix.Close(epoll)
		return nil, err
	}
	w := &waiter{file: os.NewFile(uintptr(epoll), "data channel")}
	if w.raw, err = w.file.SyscallConn(); err == nil {
		err = w.file.SetDeadline(time.Time{}) // which fails where Go's poller has not taken it
	}
	if err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// wait calls done, and again after each event, until it reports true. Events must be watched for with EPOLLET. Errors: the
// waiter was closed.
func (w *waiter) wait(done func() bool) error {
	return w.raw.Read(func(uintptr) bool { return done() })
}

// once waits for one of events, which a waiter made with EPOLLONESHOT watches for only meanwhile. Errors: the waiter was closed.
func (w *waiter) once(fd int, events uint32) error {
	armed, what := false, unix.EpollEvent{Events: events | unix.EPOLLONESHOT}
	var err error
	rerr := w.raw.Read(func(epoll uintptr) bool {
		if !armed {
			armed = true
			if err = unix.EpollCtl(int(epoll), unix.EPOLL_CTL_MOD, fd, &what); err != nil {
				return true
			}
		}
		var came [1]unix.EpollEvent
		n, _ := unix.EpollWait(int(epoll), came[:], 0) // an error is no event
		return n > 0
	})
	if rerr != nil {
		return rerr
	}
	return err
}

func (w *waiter) close() { _ = w.file.Close() } // again is no harm
