package main

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/shoal-live/shoal/core/transport"
)

// queueLittle makes a socket writable only once all that it was given has been sent.
func (w *wire) queueLittle() {
	w.control(func(fd int) { _ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, 1) }) // else more waits in the kernel
}

func (w *wire) control(f func(fd int)) {
	if raw, err := w.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { f(int(fd)) }) // a closed socket has nothing to tell
	}
}

// drain waits until the kernel has sent all that it was given. Errors: those of the connection, a deadline too.
func (w *wire) drain() error {
	raw, err := w.SyscallConn()
	if err != nil {
		return err
	}
	ready := []unix.PollFd{{Events: unix.POLLOUT}}
	// poll, unlike a write that is not tried, asks the kernel to wake us when the answer changes.
	return raw.Write(func(fd uintptr) bool {
		ready[0].Fd, ready[0].Revents = int32(fd), 0
		n, err := unix.Poll(ready, 0)
		return n > 0 || err != nil && err != unix.EINTR
	})
}

// ask gets what the kernel knows of the connection.
func (w *wire) ask() *unix.TCPInfo {
	var info *unix.TCPInfo
	w.control(func(fd int) {
		if i, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO); err == nil {
			info = i
		}
	})
	return info
}

// counted is what has been carried so far.
func (w *wire) counted() (u transport.Usage, told bool) {
	i := w.ask()
	if i == nil || i.Segs_out == 0 {
		return u, false
	}
	return transport.Usage{
		Sent:     i.Bytes_sent + uint64(i.Segs_out)*w.headers,
		Received: i.Bytes_received + uint64(i.Segs_in)*w.headers,
	}, true
}

// window is how many bytes the path takes in queueTime.
func (w *wire) window() int {
	i := w.ask()
	if i == nil {
		return 0
	}
	flight := min(uint64(i.Snd_cwnd)*uint64(i.Snd_mss), uint64(i.Snd_wnd)) // bytes a round trip
	return int(min(flight*uint64(queueTime/time.Microsecond)/uint64(max(i.Rtt, 1000)), mostQueued))
}
