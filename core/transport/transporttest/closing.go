package transporttest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

func (s *suite) closeBothEnds(t *testing.T) {
	a, b := s.start(t), s.start(t)
	for _, first := range []*peer{a, b} { // the dialing end closes, then the other
		here, there := a.link(b)
		mine, theirs, other := here, there, b
		if first == b {
			mine, theirs, other = there, here, a
		}
		const cause = "the show is over"
		first.timed("Close", func() { first.Transport.Close(mine, cause) })
		first.Transport.Close(mine, "a second Close of the same link")
		first.await("Down", soon, func(r *records) bool { return r.links[mine].down != nil })
		other.await("Down", soon, func(r *records) bool { return r.links[theirs].down != nil })
		if err := first.of(mine).down.Cause; !errors.Is(err, transport.ErrClosed) || !strings.Contains(err.Error(), cause) {
			t.Errorf("Down at the closing end: %v; want ErrClosed and %q", err, cause)
		}
		if err := other.of(theirs).down.Cause; !errors.Is(err, transport.ErrPeerClosed) || !strings.Contains(err.Error(), cause) {
			t.Errorf("Down at the other end: %v; want ErrPeerClosed and %q", err, cause)
		}
	}
}

func (s *suite) closeNoLink(t *testing.T) {
	a, b := s.start(t), s.start(t)
	here, there := a.link(b)
	a.Transport.Close(0, "none")
	a.Transport.Close(here+1000, "none")
	if err := a.Transport.SendControl(here, []byte("still up")); err != nil {
		t.Errorf("SendControl: %v", err)
	}
	b.await("the frame", soon, func(r *records) bool { return len(r.links[there].control) == 1 })
}

func (s *suite) vanishedPeer(t *testing.T) {
	a, b := s.start(t), s.start(t)
	idle, _ := a.link(b)
	c := s.start(t)
	other, at := a.link(c)
	b.vanish()
	began := time.Now()
	a.await("Down", downTime+time.Second, func(r *records) bool { return r.links[idle].down != nil })
	if d := time.Since(began); d > downTime {
		t.Errorf("Down came after %v; want %v at the most", d, downTime)
	}
	if err := a.of(idle).down.Cause; !errors.Is(err, transport.ErrTimeout) {
		t.Errorf("Down: %v; want ErrTimeout", err)
	}
	if err := a.Transport.SendControl(other, []byte("still up")); err != nil {
		t.Errorf("the link to another peer: %v", err)
	}
	c.await("a frame on the other link", soon, func(r *records) bool { return len(r.links[at].control) == 1 })
}

func (s *suite) endClosesLinks(t *testing.T) {
	a, b, c := s.start(t), s.start(t), s.start(t)
	toB, atB := a.link(b)
	atC, toA := c.link(a)
	began := time.Now()
	a.stop()
	if d := time.Since(began); d > endTime {
		t.Errorf("Run returned %v after its context's end; want %v at the most", d, endTime)
	}
	for _, l := range []transport.LinkID{toB, toA} {
		if d := a.of(l).down; d == nil || !errors.Is(d.Cause, transport.ErrClosed) {
			t.Errorf("link %d at the end: %v; want Down with ErrClosed before Run returns", l, d)
		}
	}
	b.await("Down", soon, func(r *records) bool { return r.links[atB].down != nil })
	c.await("Down", soon, func(r *records) bool { return r.links[atC].down != nil })
	if err := b.of(atB).down.Cause; !errors.Is(err, transport.ErrPeerClosed) {
		t.Errorf("Down at the peer: %v; want ErrPeerClosed", err)
	}
}

func (s *suite) endEndsDials(t *testing.T) {
	a, gone := s.start(t), s.start(t)
	list := gone.addresses()
	gone.vanish()
	if err := a.Transport.Dial(gone.id, list); err != nil {
		t.Fatalf("Dial: %v", err)
	}
	began := time.Now()
	a.stop()
	if d := time.Since(began); d > endTime {
		t.Errorf("Run returned %v after its context's end; want %v at the most", d, endTime)
	}
	if n := len(a.sink.failed()); n != 1 {
		t.Errorf("%d outcomes of the Dial before Run returned; want 1; had %v", n, a.sink)
	}
}

func (s *suite) afterRun(t *testing.T) {
	a, b := s.start(t), s.start(t)
	here, _ := a.link(b)
	list := b.addresses()
	a.stop()
	events := a.sink.String()
	if err := a.Transport.Dial(b.id, list); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("Dial: %v; want ErrClosed", err)
	}
	if err := a.Transport.SendControl(here, []byte("x")); !errors.Is(err, transport.ErrClosed) {
		t.Errorf("SendControl: %v; want ErrClosed", err)
	}
	a.Transport.SendChunks([]transport.Frame{{Data: []byte("x"), To: []transport.LinkID{here}}})
	a.Transport.Signal(b.id, []byte("x"))
	a.Transport.Punch(list, 0)
	a.Transport.Close(here, "again")
	if a.Transport.Capabilities() == (transport.Capabilities{}) {
		t.Error("Capabilities are gone after Run")
	}
	if now := a.sink.String(); now != events {
		t.Errorf("events came after Run returned:\n%s\nand before:\n%s", now, events)
	}
	var none swarm.PeerID
	a.Transport.Signal(none, nil)
}
