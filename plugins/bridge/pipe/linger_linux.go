package pipe

import (
	"errors"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Where calls go to and fro, the other end answers sooner than a thread falls asleep and is woken. Who reads looks for a while
// before it sleeps, for as long as that pays: from quickLeast short waits in a row for something small, until one was not.
const (
	quickLeast = 16                     // waits
	quickWait  = 100 * time.Microsecond // a short one
	smallMost  = 2 << 10                // bytes of something small
	lookMost   = 40 * time.Microsecond
)

// linger knows how long a reader has waited.
type linger struct {
	quick int       // short waits in a row
	since time.Time // of this wait
}

// look begins a wait, and reads what comes soon, where that is to be expected. Errors: EAGAIN when nothing has come.
func (l *linger) look(fd int, into []byte) (int, error) {
	l.since = time.Now()
	if l.quick < quickLeast {
		return 0, unix.EAGAIN
	}
	for {
		runtime.Gosched() // others first
		if n, err := readNow(fd, into); !errors.Is(err, unix.EAGAIN) {
			return n, err
		}
		if time.Since(l.since) > lookMost {
			l.quick = 0
			return 0, unix.EAGAIN
		}
	}
}

// done ends a wait that has brought n bytes.
func (l *linger) done(n int) {
	if n > smallMost || time.Since(l.since) > quickWait {
		l.quick = 0
		return
	}
	l.quick++
}
