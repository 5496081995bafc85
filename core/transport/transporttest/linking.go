package transporttest

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

func (s *suite) capabilities(t *testing.T) {
	p := s.prepare(t, "")
	before := p.Transport.Capabilities()
	if before.Scheme == "" || strings.Contains(before.Scheme, ":") {
		t.Errorf("Scheme %q is empty or holds a colon", before.Scheme)
	}
	if before.MaxChunk < 64 || before.Overhead < 0 {
		t.Errorf("MaxChunk %d, Overhead %d: too small to be of use", before.MaxChunk, before.Overhead)
	}
	p.run()
	p.await("Listening", soon, func(r *records) bool { return len(r.listening) > 0 })
	if after := p.Transport.Capabilities(); after != before {
		t.Errorf("capabilities changed from %+v to %+v", before, after)
	}
}

func (s *suite) listening(t *testing.T) {
	p := s.start(t)
	scheme := p.Transport.Capabilities().Scheme + ":"
	if len(p.addresses()) == 0 {
		t.Fatal("Listening told no address")
	}
	for _, a := range p.addresses() {
		if !strings.HasPrefix(string(a), scheme) || len(a) > swarm.MaxAddress {
			t.Errorf("address %q: no %s at its front, or too long", a, scheme)
		}
		q := s.start(t)
		if err := q.Transport.Dial(p.id, []swarm.Address{a}); err != nil {
			t.Fatalf("Dial %s: %v", a, err)
		}
		q.await("Up by address "+string(a), dialTime, func(r *records) bool { return len(r.to(p.id)) == 1 })
	}
}

func (s *suite) addressTaken(t *testing.T) {
	p := s.start(t)
	list := p.addresses()
	_, taken, _ := strings.Cut(string(list[len(list)-1]), ":")
	q := s.prepare(t, taken)
	err := q.Transport.Run(t.Context(), q.sink)
	if !errors.Is(err, transport.ErrAddress) || !strings.Contains(err.Error(), taken) {
		t.Errorf("Run on a taken address: %v; want ErrAddress and %q", err, taken)
	}
	if len(q.sink.listening) != 0 {
		t.Error("Listening came although nothing was bound")
	}
}

func (s *suite) dialGivesUp(t *testing.T) {
	a, b := s.start(t), s.start(t)
	here, there := a.link(b)
	up, answer := a.of(here).up, b.of(there).up
	if up.Peer != b.id || !up.Dialed {
		t.Errorf("at the dialing end: %+v; want peer %s, dialed", up, b.id)
	}
	if answer.Peer != a.id || answer.Dialed {
		t.Errorf("at the other end: %+v; want peer %s, not dialed", answer, a.id)
	}
	least := a.Transport.Capabilities().MaxChunk
	if up.MaxChunk < least || answer.MaxChunk < least {
		t.Errorf("MaxChunk %d and %d; every link takes %d", up.MaxChunk, answer.MaxChunk, least)
	}
	scheme := a.Transport.Capabilities().Scheme + ":"
	for _, x := range []swarm.Address{up.Address, answer.Address} {
		if !strings.HasPrefix(string(x), scheme) {
			t.Errorf("the peer's address as seen is %q; want one of %s", x, scheme)
		}
	}
}

func (s *suite) dialWrongIdentity(t *testing.T) {
	a, b, other := s.start(t), s.start(t), s.prepare(t, "")
	if err := a.Transport.Dial(other.id, b.addresses()); err != nil {
		t.Fatalf("Dial: %v", err)
	}
	a.await("DialFailed", dialTime, func(r *records) bool { return len(r.dialFailed) == 1 })
	f := a.sink.failed()[0]
	if f.Peer != other.id || !errors.Is(f.Cause, transport.ErrIdentity) {
		t.Errorf("DialFailed %+v; want peer %s and ErrIdentity", f, other.id)
	}
	a.link(b) // by then an Up of the failed dial would have been seen
	if n := len(a.linksTo(b)); n != 1 {
		t.Errorf("%d links came up; want the one with the right identity", n)
	}
	if n := len(b.linksTo(a)); n != 1 {
		t.Errorf("%d links came up at the other end; want 1", n)
	}
}

func (s *suite) dialUnreachable(t *testing.T) {
	a, gone := s.start(t), s.start(t)
	list := gone.addresses()
	gone.stop()
	began := time.Now()
	if err := a.Transport.Dial(gone.id, list); err != nil {
		t.Fatalf("Dial: %v", err)
	}
	a.await("DialFailed", dialTime+time.Second, func(r *records) bool { return len(r.dialFailed) == 1 })
	if d := time.Since(began); d > dialTime {
		t.Errorf("DialFailed came after %v; the contract allows %v", d, dialTime)
	}
	a.link(s.start(t))
	if n := len(a.sink.failed()); n != 1 {
		t.Errorf("%d outcomes of one Dial; want 1", n)
	}
}

func (s *suite) dialOtherSchemes(t *testing.T) {
	a, b := s.start(t), s.start(t)
	scheme := a.Transport.Capabilities().Scheme
	for _, list := range [][]swarm.Address{nil, {"other:192.0.2.1:1"}, {""}, {":"}, {swarm.Address(scheme)}} {
		if err := a.Transport.Dial(b.id, list); !errors.Is(err, transport.ErrAddress) {
			t.Errorf("Dial %q: %v; want ErrAddress", list, err)
		}
	}
	list := append([]swarm.Address{"other:192.0.2.1:1"}, b.addresses()...)
	if err := a.Transport.Dial(b.id, list); err != nil {
		t.Fatalf("Dial %q: %v", list, err)
	}
	a.await("Up", dialTime, func(r *records) bool { return len(r.to(b.id)) == 1 })
	if f := a.sink.failed(); len(f) != 0 {
		t.Errorf("a Dial that returned an error also had an outcome: %v", f)
	}
}

func (s *suite) dialTwice(t *testing.T) {
	a, b := s.start(t), s.start(t)
	const dials = 3
	for range dials {
		if err := a.Transport.Dial(b.id, b.addresses()); err != nil {
			t.Fatalf("Dial: %v", err)
		}
	}
	a.await("an outcome of each Dial", dialTime, func(r *records) bool {
		return len(r.to(b.id))+len(r.dialFailed) == dials
	})
	if len(a.linksTo(b)) == 0 {
		t.Error("no link came up")
	}
}

func (s *suite) numbersAreFresh(t *testing.T) {
	a, b := s.start(t), s.start(t)
	for range 3 {
		here, there := a.link(b) // the sink minds numbers that come twice
		a.Transport.Close(here, "again")
		a.await("Down", soon, func(r *records) bool { return r.links[here].down != nil })
		b.await("Down", soon, func(r *records) bool { return r.links[there].down != nil })
	}
}

// failed lists the dials that have failed.
func (s *sink) failed() []transport.DialFailed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]transport.DialFailed(nil), s.dialFailed...)
}
