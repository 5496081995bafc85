package pipe

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// What never waits need not tell Go's scheduler that it might. The scheduler would start its monitor for it, which then looks
// every 20 us whether the call is over: at a thousand frames a second that costs more than the frames (see DECISIONS.md).

// rawMost is how many bytes are copied at most without the scheduler's knowledge, which can stop this thread only afterwards.
const rawMost = 128 << 10

// readNow reads what is there. Errors: EAGAIN when that is nothing.
func readNow(fd int, into []byte) (int, error) {
	for {
		n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(into))), uintptr(min(len(into), rawMost)))
		if errno == 0 {
			return int(n), nil
		}
		if errno != unix.EINTR {
			return 0, errno
		}
	}
}

// writeNow writes what the socket takes. Errors: EAGAIN when that is nothing.
func writeNow(fd int, parts [][]byte) (int, error) {
	var fixed [16]unix.Iovec
	vectors, size := fixed[:0], 0
	for _, p := range parts {
		v := unix.Iovec{Base: unsafe.SliceData(p)}
		v.SetLen(len(p))
		vectors = append(vectors, v)
		if size += len(p); size >= rawMost {
			break
		}
	}
	for {
		n, _, errno := unix.RawSyscall(unix.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(vectors))), uintptr(len(vectors)))
		if errno == 0 {
			return int(n), nil
		}
		if errno != unix.EINTR {
			return 0, errno
		}
	}
}
