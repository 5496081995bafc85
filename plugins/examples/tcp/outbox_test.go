package main

import (
	"bufio"
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

func newOutbox() *outbox { return &outbox{wake: make(chan struct{}, 1)} }

// offer says whether a frame of n bytes is taken.
func (o *outbox) offer(n int) bool { return o.takeChunk(&transport.Frame{Data: make([]byte, n)}) }

func TestAnOutboxTakesTwoFramesOrWhatThePathCarries(t *testing.T) {
	for name, c := range map[string]struct{ window, size, want int }{ // order-free: each stands alone
		"two where the path is not known":         {0, 1100, 2},
		"two where they are more than the window": {2000, 1400, 2},
		"as many as the window holds":             {11000, 1100, 10},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOutbox()
			o.measure(c.window)
			taken := 0
			for o.offer(c.size) {
				taken++
			}
			if taken != c.want {
				t.Errorf("%d frames of %d bytes were taken; want %d", taken, c.size, c.want)
			}
		})
	}
}

func TestWritableIsDueOnceHalfHasLeftAndAfterEveryFull(t *testing.T) {
	o := newOutbox()
	o.measure(10000)
	for o.offer(1000) {
	}
	if o.refused() || o.left(4, 4000) {
		t.Error("Writable before half has left")
	}
	if !o.left(1, 1000) {
		t.Error("no Writable once half has left")
	}
	for o.offer(1000) {
	}
	if o.left(10, 10000) {
		t.Error("Writable although Full is just being reported")
	}
	if !o.refused() {
		t.Error("no Writable once Full was reported")
	}
	if o.left(0, 0) {
		t.Error("Writable twice")
	}
}

func TestAFrameThatExpiresInTheOutboxIsDropped(t *testing.T) {
	o := newOutbox()
	now := time.Now()
	o.takeChunk(&transport.Frame{Data: []byte("late"), Expires: now.Add(time.Second)})
	o.takeChunk(&transport.Frame{Data: []byte("good"), Expires: now.Add(time.Minute)})
	l := o.fill(nil, now.Add(2*time.Second))
	if want := appendMessage(nil, kindChunk, []byte("good")); !bytes.Equal(l.messages, want) {
		t.Errorf("%q leaves; want %q", l.messages, want)
	}
	if l.frames != 2 || l.bytes != 8 {
		t.Errorf("%d frames of %d bytes are gone; want both", l.frames, l.bytes)
	}
}

func TestALongControlFrameLetsChunkFramesAndPingsPass(t *testing.T) {
	o := newOutbox()
	long := random(swarm.MaxControlFrame)
	if err := o.takeControl(long); err != nil {
		t.Fatal(err)
	}
	var j joiner
	for turns := 1; ; turns++ {
		o.offer(100)
		o.ping(kindPing, make([]byte, tokenSize))
		l := o.fill(nil, time.Now())
		o.left(l.frames, l.bytes)
		if len(l.messages) > 2*maxBody {
			t.Fatalf("%d bytes leave at once", len(l.messages))
		}
		r := bufio.NewReader(bytes.NewReader(l.messages))
		var order []kind
		for {
			k, body, err := readMessage(r, maxBody)
			if err != nil {
				break
			}
			order = append(order, k)
			if k != kindPart && k != kindEnd {
				continue
			}
			if frame, whole, err := j.add(k, body); err != nil {
				t.Fatal(err)
			} else if whole {
				if !bytes.Equal(frame, long) {
					t.Error("the frame changed on its way")
				}
				if want := swarm.MaxControlFrame / maxBody; turns != want {
					t.Errorf("it took %d turns; want %d", turns, want)
				}
				return
			}
		}
		if want := []kind{kindPing, kindPart, kindChunk}; !bytes.Equal(kinds(order), kinds(want)) {
			t.Fatalf("messages %v leave; want %v", order, want)
		}
	}
}

func kinds(list []kind) (b []byte) {
	for _, k := range list {
		b = append(b, byte(k))
	}
	return b
}

func TestControlFramesOfNoLengthAreBoundedToo(t *testing.T) {
	o := newOutbox()
	for n := 0; ; n++ {
		err := o.takeControl(nil)
		if errors.Is(err, transport.ErrFull) {
			return
		}
		if err != nil || n > maxWaiting {
			t.Fatalf("after %d frames: %v", n, err)
		}
	}
}

func TestAByeIsTheLastThingThatLeaves(t *testing.T) {
	o := newOutbox()
	o.offer(100)
	o.close("that is all")
	l := o.fill(nil, time.Now())
	if want := appendMessage(nil, kindBye, []byte("that is all")); !l.last || !bytes.Equal(l.messages, want) {
		t.Errorf("%q leaves, last: %v; want %q", l.messages, l.last, want)
	}
	if err := o.takeControl(nil); !errors.Is(err, transport.ErrNoLink) {
		t.Errorf("a control frame after the bye: %v; want ErrNoLink", err)
	}
}

// FuzzHello wants whatever is taken for a hello to say the same when written anew.
func FuzzHello(f *testing.F) {
	f.Add(appendHello(nil, "192.0.2.1:9891")[messageHeader:])
	f.Add(appendHello(nil, "[2001:db8::1]:9891")[messageHeader:])
	f.Fuzz(func(t *testing.T, body []byte) {
		observed, err := parseHello(kindHello, body)
		if err != nil {
			return
		}
		again := appendHello(nil, observed)[messageHeader:]
		if !bytes.HasPrefix(body, again) {
			t.Errorf("%x became %x", body, again)
		}
	})
}

// FuzzMessages wants whatever is read as messages to be the same when written anew.
func FuzzMessages(f *testing.F) {
	f.Add(appendMessage(appendMessage(nil, kindPing, make([]byte, tokenSize)), kindChunk, random(300)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := bufio.NewReader(bytes.NewReader(data))
		var again []byte
		for {
			k, body, err := readMessage(r, maxBody)
			if err != nil {
				break
			}
			again = appendMessage(again, k, body)
		}
		if !bytes.HasPrefix(data, again) {
			t.Errorf("%x became %x", data, again)
		}
	})
}
