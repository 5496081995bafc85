package pipe

import (
	"bytes"
	"errors"
	"net"
	"os"
	"testing"
	"time"
)

// directPair gives two connected ends without Go's poller.
func directPair(t testing.TB) (*direct, *direct) {
	t.Helper()
	var ends [2]*direct
	a, b := socketPair(t)
	for i, c := range []net.Conn{a, b} {
		d, ok := streamOf(c).(*direct)
		if !ok {
			t.Fatalf("a Unix socket is carried by %T", streamOf(c))
		}
		t.Cleanup(d.close)
		ends[i] = d
	}
	return ends[0], ends[1]
}

func TestCloseEndsWhoReadsAndWhoWaitsForRoom(t *testing.T) {
	a, b := directPair(t)
	big := net.Buffers{make([]byte, 8<<20)} // more than the kernel holds
	ended := make(chan error, 2)
	go func() { ended <- a.write(&big) }()
	go func() {
		_, err := a.read(make([]byte, 10))
		ended <- err
	}()
	for waits := false; !waits; { // for room
		a.mu.Lock()
		waits = a.writable != nil && a.users == 2
		a.mu.Unlock()
	}
	a.close()
	for range 2 {
		select {
		case err := <-ended:
			if err == nil {
				t.Error("it has ended well")
			}
		case <-time.After(5 * time.Second):
			t.Fatal("it still waits")
		}
	}
	if _, err := a.read(make([]byte, 10)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a read after close gives %v", err)
	}
	if err := b.write(&net.Buffers{[]byte("x")}); err == nil {
		t.Error("the other end can still write")
	}
}

func TestAWriteGoesOnWhenTheOtherEndReads(t *testing.T) {
	a, b := directPair(t)
	sent := make([]byte, 4<<20)
	for i := range sent {
		sent[i] = byte(i * i >> 8)
	}
	over := make(chan error, 1)
	go func() {
		parts := net.Buffers{sent[:1], sent[1:100], sent[100:]}
		over <- a.write(&parts)
	}()
	for {
		a.mu.Lock()
		waits := a.writable != nil
		a.mu.Unlock()
		if waits {
			break
		}
	}
	got, buffer := make([]byte, 0, len(sent)), make([]byte, 100_000)
	for len(got) < len(sent) {
		n, err := b.read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, buffer[:n]...)
	}
	if err := <-over; err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, sent) {
		t.Error("other bytes have come")
	}
}

func TestCloseLeavesNoDescriptor(t *testing.T) {
	count := func() int {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return len(list)
	}
	a, b := directPair(t) // so that Go's poller is there
	a.close()
	b.close()
	before := count()
	for range 20 {
		t.Run("a pair that has waited for room", func(t *testing.T) {
			a, b := directPair(t)
			big := net.Buffers{make([]byte, 8<<20)}
			over := make(chan error, 1)
			go func() { over <- a.write(&big) }()
			for range 10 {
				if _, err := b.read(make([]byte, 1000)); err != nil {
					t.Error(err)
				}
			}
			a.close() // while it waits
			<-over
			b.close()
		})
	}
	if after := count(); after > before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}
