package pipe

import (
	"errors"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Where calls go to and fro, the other end may answer sooner than a thread falls asleep and is woken. Who reads tries that: after
// a row of short waits for something small it looks for what comes before it sleeps, for as long as that makes its waits shorter
// by a quarter. They do not become shorter where other programs want the processors, or where what comes is no answer. A wait that
// is long ends the row and no more: between two rows of calls there is nothing to be learnt.
const (
	row       = 16                     // waits that are taken together
	quickWait = 100 * time.Microsecond // a short one
	smallMost = 2 << 10                // bytes of something small
	lookMost  = 60 * time.Microsecond  // for the other end may sleep when the first look begins
	pause     = 1024                   // short waits without looking, after it did not help
)

// linger knows how long a reader has waited.
type linger struct {
	now     func() time.Time
	since   time.Time // of this wait
	looking bool
	waits   int           // short ones in a row
	total   time.Duration // of these
	asleep  time.Duration // of a row without looking
	paused  int           // short waits before it is tried again
}

// look begins a wait, and reads what comes soon, where that is worth it. Errors: EAGAIN when nothing has come.
func (l *linger) look(fd int, into []byte) (int, error) {
	l.since = l.now()
	for l.looking {
		runtime.Gosched() // others first
		if n, err := readNow(fd, into); !errors.Is(err, unix.EAGAIN) {
			return n, err
		}
		if l.now().Sub(l.since) > lookMost {
			l.looking, l.waits, l.total = false, 0, 0 // the row is over; the next one may be as quick
		}
	}
	return 0, unix.EAGAIN
}

// stop sleeps from now on.
func (l *linger) stop() { l.looking, l.paused, l.waits, l.total = false, pause, 0, 0 }

// done ends a wait that has brought n bytes.
func (l *linger) done(n int) {
	took := l.now().Sub(l.since)
	if n > smallMost || took > quickWait {
		l.looking, l.waits, l.total = false, 0, 0
		return
	}
	l.paused = max(0, l.paused-1)
	l.waits++
	if l.total += took; l.waits < row {
		return
	}
	switch {
	case l.looking && l.total > l.asleep*3/4:
		l.stop()
	case !l.looking:
		l.asleep, l.looking = l.total, l.paused == 0
	}
	l.waits, l.total = 0, 0
}
