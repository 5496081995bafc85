package pipe

import (
	"net"
	"testing"
	"time"
)

// looker is a linger whose clock goes on by 10 us each time that it is read.
type looker struct {
	*linger
	t        *testing.T
	at       time.Time
	from, to *direct
	comes    time.Time // when something comes
}

func newLooker(t *testing.T) *looker {
	l := &looker{t: t, at: time.Unix(1, 0)}
	l.from, l.to = directPair(t)
	l.linger = &linger{now: func() time.Time {
		l.at = l.at.Add(10 * time.Microsecond)
		if !l.comes.IsZero() && !l.at.Before(l.comes) {
			l.comes = time.Time{}
			if err := l.from.write(&net.Buffers{[]byte("x")}); err != nil {
				t.Error(err)
			}
		}
		return l.at
	}}
	return l
}

// finds reports whether a wait finds by looking what comes after d. What it does not find is taken away, and brings bytes.
func (l *looker) finds(d time.Duration, bytes int) bool {
	var into [10]byte
	l.comes = l.at.Add(d)
	n, _ := l.look(l.to.fd, into[:])
	if n == 0 {
		for !l.comes.IsZero() {
			l.now()
		}
		if _, err := readNow(l.to.fd, into[:]); err != nil {
			l.t.Fatal(err)
		}
	}
	l.done(bytes)
	return n > 0
}

const us = time.Microsecond

func TestAReaderLooksOnlyWhereItHelps(t *testing.T) {
	waits := func(l *looker, n int, d time.Duration) (found int) {
		for range n {
			if l.finds(d, 1) {
				found++
			}
		}
		return found
	}
	asleep := func(l *looker, n int, d time.Duration) {
		if n := waits(l, n, d); n > 0 {
			t.Errorf("it has looked %d times before", n)
		}
	}
	for name, c := range map[string]struct {
		before func(*looker)
		looks  bool
	}{
		"after a row of short waits":      {before: func(l *looker) { asleep(l, row, 80*us) }, looks: true},
		"not after too few":               {before: func(l *looker) { asleep(l, row-1, 80*us) }},
		"not when one was long":           {before: func(l *looker) { waits(l, 1, time.Millisecond); asleep(l, row-1, 80*us) }},
		"not when the last was long":      {before: func(l *looker) { asleep(l, row, 80*us); waits(l, 1, 200*us) }},
		"not when the last brought a lot": {before: func(l *looker) { asleep(l, row, 80*us); l.finds(15*us, smallMost+1) }},
		"not after it looked in vain":     {before: func(l *looker) { asleep(l, row, 80*us); waits(l, 1, 90*us) }},
		"while waits are shorter": {before: func(l *looker) {
			asleep(l, row, 80*us)
			if n := waits(l, 100, 30*us); n != 100 {
				t.Errorf("it has looked %d times of 100", n)
			}
		}, looks: true},
		"not when they are not": {before: func(l *looker) { asleep(l, row, 50*us); waits(l, row, 40*us) }},
		"again after a pause": {before: func(l *looker) {
			asleep(l, row, 50*us)
			waits(l, row, 40*us)
			asleep(l, pause, 80*us)
		}, looks: true},
		"again after another row, where it looked in vain": {before: func(l *looker) {
			asleep(l, row, 80*us)
			waits(l, 1, 90*us)
			asleep(l, row-1, 80*us) // the one in vain is of the row
		}, looks: true},
		"not during it, though a wait was long": {before: func(l *looker) {
			asleep(l, row, 50*us)
			waits(l, row, 40*us)
			waits(l, 1, time.Millisecond)
			asleep(l, pause-row, 50*us)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLooker(t)
			c.before(l)
			if l.finds(15*us, 1) != c.looks {
				t.Errorf("looks: %v", !c.looks)
			}
		})
	}
}
