package pipe

import (
	"errors"
	"net"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestAReaderLooksOnlyWhereAnswersComeSoon(t *testing.T) {
	short, long := time.Now().Add(time.Hour), time.Now().Add(-time.Hour) // beginnings of waits, however busy the machine is
	for name, c := range map[string]struct {
		waits int
		since time.Time // of the last wait
		bytes int       // that it has brought
		looks bool
	}{
		"after short waits":               {waits: quickLeast, since: short, bytes: 10, looks: true},
		"not after too few":               {waits: quickLeast - 1, since: short, bytes: 10},
		"not when the last was long":      {waits: quickLeast, since: long, bytes: 10},
		"not when the last brought a lot": {waits: quickLeast, since: short, bytes: smallMost + 1},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := directPair(t)
			if err := a.write(&net.Buffers{[]byte("soon")}); err != nil {
				t.Fatal(err)
			}
			l := &linger{}
			for range c.waits - 1 {
				l.since = short
				l.done(10)
			}
			l.since = c.since
			l.done(c.bytes)
			var into [100]byte
			n, err := l.look(b.fd, into[:])
			if looked := string(into[:n]) == "soon"; looked != c.looks {
				t.Errorf("it has found %q, %v", into[:n], err)
			}
		})
	}
}

func TestAReaderThatLooksInVainLooksNoMore(t *testing.T) {
	a, b := directPair(t)
	l := &linger{quick: quickLeast}
	var into [100]byte
	if _, err := l.look(b.fd, into[:]); !errors.Is(err, unix.EAGAIN) {
		t.Fatalf("it has found something: %v", err)
	}
	if err := a.write(&net.Buffers{[]byte("late")}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.look(b.fd, into[:]); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("it has looked again: %v", err)
	}
}
