package pipe

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func FuzzParse(f *testing.F) {
	f.Add(Append(nil, Message{Head: []byte{1}}))
	f.Add(Append(Append(nil, Message{Head: []byte("ab"), Body: []byte("cd")}), Message{Body: []byte("e")}))
	f.Add([]byte{0, 0, 0, 0})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1})
	f.Add([]byte{0, 0, 1, 0, 1})
	const limit = 1 << 10
	f.Fuzz(func(t *testing.T, src []byte) {
		var again []byte
		rest := src
		for {
			body, after, need, err := Parse(rest, limit)
			if err != nil {
				if !errors.Is(err, ErrLength) {
					t.Fatalf("error %v is not ErrLength", err)
				}
				break
			}
			if body == nil {
				if need <= len(rest) || need > prefix+limit {
					t.Fatalf("%d bytes are needed when %d are there", need, len(rest))
				}
				break
			}
			if len(body) > limit {
				t.Fatalf("a body of %d bytes passed the limit", len(body))
			}
			again = Append(again, Message{Head: body})
			rest = after
		}
		if !bytes.Equal(again, src[:len(src)-len(rest)]) {
			t.Fatal("parse then append gives other bytes")
		}
	})
}

// socketPair gives two connected ends.
func socketPair(t testing.TB) (net.Conn, net.Conn) {
	t.Helper()
	l, err := Listen(t.TempDir(), func() int { return os.Getpid() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	o := l.Offer()
	a, err := Dial(o.Path, o.Token)
	if err != nil {
		t.Fatal(err)
	}
	b, err := o.Wait(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); b.Close() })
	return a, b
}

func TestSocketDeliversEveryMessageInOrder(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 1))
	var sent []Message
	for range 3000 {
		m := Message{Head: make([]byte, 1+r.IntN(40))}
		switch r.IntN(10) {
		case 0:
			m.Body = make([]byte, r.IntN(300<<10))
		case 1, 2, 3:
			m.Body = make([]byte, r.IntN(20<<10))
		case 4, 5:
			m.Body = make([]byte, r.IntN(3000))
		}
		for _, p := range [][]byte{m.Head, m.Body} {
			for i := range p {
				p[i] = byte(r.Uint32())
			}
		}
		sent = append(sent, m)
	}
	a, b := socketPair(t)
	out := NewOutbox(NewSocket(a, 1<<20), 1<<20, nil)
	done := make(chan error, 1)
	go func() { done <- out.Run() }()
	go func() {
		for _, m := range sent {
			if out.Put(m) != nil {
				return
			}
		}
		out.Close(10 * time.Second)
	}()
	in := NewSocket(b, 1<<20)
	var got [][]byte
	for {
		var err error
		if got, err = in.Receive(got); err != nil {
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			break
		}
	}
	if len(got) != len(sent) {
		t.Fatalf("%d messages arrived of %d", len(got), len(sent))
	}
	for i, m := range sent {
		if !bytes.Equal(got[i], append(m.Head[:len(m.Head):len(m.Head)], m.Body...)) {
			t.Fatalf("message %d differs", i)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestSocketRefusesALengthOutOfBounds(t *testing.T) {
	for name, wire := range map[string][]byte{
		"zero":      {0, 0, 0, 0},
		"too long":  {0, 0, 8, 1, 1, 2, 3},
		"very long": {0xff, 0xff, 0xff, 0xff},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := socketPair(t)
			if _, err := a.Write(wire); err != nil {
				t.Fatal(err)
			}
			if _, err := NewSocket(b, 2048).Receive(nil); !errors.Is(err, ErrLength) {
				t.Fatalf("error is %v, not ErrLength", err)
			}
		})
	}
}

func TestSocketTellsAMessageCutShort(t *testing.T) {
	a, b := socketPair(t)
	if _, err := a.Write([]byte{0, 0, 0, 9, 1, 2}); err != nil {
		t.Fatal(err)
	}
	a.Close()
	if _, err := NewSocket(b, 2048).Receive(nil); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatalf("error is %v", err)
	}
}

// stuck is a Conn that sends nothing until it is let go.
type stuck struct {
	go1 chan struct{}
	got []Message
}

func (s *stuck) Send(batch []Message) error             { <-s.go1; s.got = append(s.got, batch...); return nil }
func (s *stuck) Receive(dst [][]byte) ([][]byte, error) { return dst, io.EOF }
func (s *stuck) Close()                                 {}

func TestOutboxRefusesBeyondItsLimitAndTellsWhenThereIsRoom(t *testing.T) {
	room := make(chan struct{}, 1)
	c := &stuck{go1: make(chan struct{})}
	o := NewOutbox(c, 100, func() { room <- struct{}{} })
	go func() { _ = o.Run() }()
	m := Message{Head: make([]byte, 40)}
	if n := o.Offer([]Message{m, m, m, m}); n != 3 {
		t.Fatalf("%d messages of 40 bytes were taken by a limit of 100, want 3", n)
	}
	if n := o.Offer([]Message{m}); n != 0 {
		t.Fatal("a full outbox took a message")
	}
	if err := o.Post(m); err != nil {
		t.Fatalf("Post was refused: %v", err)
	}
	if o.Dropped() != 2 {
		t.Fatalf("%d refusals counted, want 2", o.Dropped())
	}
	close(c.go1)
	select {
	case <-room:
	case <-time.After(5 * time.Second):
		t.Fatal("nobody told that there is room")
	}
	if n := o.Offer([]Message{m}); n != 1 {
		t.Fatal("a message was refused where there is room")
	}
	o.Close(5 * time.Second)
	if len(c.got) != 5 {
		t.Fatalf("%d messages left, want 5", len(c.got))
	}
	if err := o.Put(m); !errors.Is(err, ErrClosed) {
		t.Fatalf("Put after Close: %v", err)
	}
}

func TestOutboxPutWaitsForRoomAndFailWakesIt(t *testing.T) {
	c := &stuck{go1: make(chan struct{})}
	o := NewOutbox(c, 10, nil)
	go func() { _ = o.Run() }()
	if err := o.Put(Message{Head: make([]byte, 20)}); err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 1)
	go func() { got <- o.Put(Message{Head: []byte{1}}) }()
	gone := errors.New("gone")
	select {
	case err := <-got:
		t.Fatalf("Put did not wait: %v", err)
	case <-time.After(20 * time.Millisecond):
	}
	o.Fail(gone)
	if err := <-got; !errors.Is(err, gone) {
		t.Fatalf("Put gave %v", err)
	}
	close(c.go1)
}

func TestPostRefusesWhenNobodyReadsForLong(t *testing.T) {
	c := &stuck{go1: make(chan struct{})}
	o := NewOutbox(c, 10, nil)
	m := Message{Head: make([]byte, 1<<20)}
	for range PostLimit>>20 + 1 {
		if err := o.Post(m); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Post(m); !errors.Is(err, ErrStalled) {
		t.Fatalf("error is %v", err)
	}
}

func TestListenerAdmitsNobodyElse(t *testing.T) {
	l, err := Listen(t.TempDir(), func() int { return os.Getpid() })
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	o := l.Offer()
	t.Run("a wrong token", func(t *testing.T) {
		if _, err := Dial(o.Path, make([]byte, TokenSize)); err == nil {
			t.Fatal("it was admitted")
		}
	})
	t.Run("a withdrawn token", func(t *testing.T) {
		w := l.Offer()
		w.Withdraw()
		if _, err := Dial(w.Path, w.Token); err == nil {
			t.Fatal("it was admitted")
		}
	})
	t.Run("a token used before", func(t *testing.T) {
		c, err := Dial(o.Path, o.Token)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := Dial(o.Path, o.Token); err == nil {
			t.Fatal("it was admitted")
		}
	})
	t.Run("a crowd that says nothing", func(t *testing.T) {
		for range 3 * strangersMost {
			c, err := net.Dial("unix", o.Path)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
		}
		w := l.Offer()
		deadline := time.Now().Add(3 * tokenPatience)
		for {
			c, err := Dial(w.Path, w.Token)
			if err == nil {
				c.Close()
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the owner of a token is shut out: %v", err)
			}
		}
	})
}

func TestListenRefusesAPathThatSomePlatformCutsShort(t *testing.T) {
	dir := filepath.Join(t.TempDir(), string(bytes.Repeat([]byte("long"), 40)))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Listen(dir, func() int { return 0 }); err == nil {
		t.Fatal("it was taken")
	}
}

func TestOfferWaitEndsWithItsContext(t *testing.T) {
	l, err := Listen(t.TempDir(), func() int { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	o := l.Offer()
	if _, err := o.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v", err)
	}
	o.Withdraw()
}

// willing takes everything at once.
type willing struct{ stuck }

func (*willing) TrySend(batch []Message) (int, bool, error) { return len(batch), false, nil }

func TestOutboxTellsThatThereIsRoomWhereWhatItTookLeftAtOnce(t *testing.T) {
	room := make(chan struct{}, 1)
	o := NewOutbox(&willing{}, 100, func() { room <- struct{}{} })
	go func() { _ = o.Run() }()
	for running := false; !running; {
		o.mu.Lock()
		running = o.running
		o.mu.Unlock()
	}
	m := Message{Head: make([]byte, 40)}
	if n := o.Offer([]Message{m, m, m, m}); n != 3 {
		t.Fatalf("%d messages of 40 bytes were taken by a limit of 100, want 3", n)
	}
	select {
	case <-room:
	case <-time.After(5 * time.Second):
		t.Fatal("nobody told that there is room")
	}
	if o.Owes() {
		t.Error("it is to be told again")
	}
	o.Close(5 * time.Second)
}
