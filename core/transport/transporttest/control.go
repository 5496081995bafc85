package transporttest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
)

// pattern is a frame of n bytes that can be told from that of any other seed.
func pattern(n int, seed uint32) []byte {
	b := make([]byte, n)
	x := seed*2654435761 + 1
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	if n >= 4 {
		binary.BigEndian.PutUint32(b, seed)
	}
	return b
}

func (s *suite) controlOrdered(t *testing.T) {
	a, b := s.start(t), s.start(t)
	here, there := a.link(b)
	sizes := []int{1, 2, 63, 64, 127, 128, 1090, 1200, 4096, 16384, 65536, swarm.MaxControlFrame}
	var frames [][]byte
	for i := range 200 {
		frames = append(frames, pattern(40+i, uint32(i)))
	}
	for i, n := range sizes {
		frames = append(frames, pattern(n, uint32(1000+i)))
	}
	for i, f := range frames {
		a.timed("SendControl", func() {
			if err := a.Transport.SendControl(here, f); err != nil {
				t.Fatalf("SendControl of frame %d, %d bytes: %v", i, len(f), err)
			}
		})
	}
	for i := range 10 { // the other way at once
		if err := b.Transport.SendControl(there, pattern(100, uint32(i))); err != nil {
			t.Fatalf("SendControl back: %v", err)
		}
	}
	b.await("all control frames", soon, func(r *records) bool { return len(r.links[there].control) == len(frames) })
	for i, got := range b.of(there).control {
		if !bytes.Equal(got, frames[i]) {
			t.Fatalf("control frame %d of %d bytes is not what was sent", i, len(frames[i]))
		}
	}
	a.await("the frames back", soon, func(r *records) bool { return len(r.links[here].control) == 10 })
}

func (s *suite) controlCopied(t *testing.T) {
	a, b := s.start(t), s.start(t)
	here, there := a.link(b)
	buffer := make([]byte, 64)
	const frames = 50
	for i := range frames {
		copy(buffer, pattern(64, uint32(i)))
		if err := a.Transport.SendControl(here, buffer); err != nil {
			t.Fatalf("SendControl: %v", err)
		}
		clear(buffer)
	}
	b.await("all control frames", soon, func(r *records) bool { return len(r.links[there].control) == frames })
	for i, got := range b.of(there).control {
		if !bytes.Equal(got, pattern(64, uint32(i))) {
			t.Fatalf("frame %d changed with the caller's buffer", i)
		}
	}
}

func (s *suite) controlTooLong(t *testing.T) {
	a, b := s.start(t), s.start(t)
	here, there := a.link(b)
	if err := a.Transport.SendControl(here, make([]byte, swarm.MaxControlFrame+1)); !errors.Is(err, transport.ErrTooLong) {
		t.Errorf("SendControl beyond the limit: %v; want ErrTooLong", err)
	}
	if err := a.Transport.SendControl(here, []byte("still up")); err != nil {
		t.Errorf("SendControl after it: %v", err)
	}
	b.await("the next frame", soon, func(r *records) bool { return len(r.links[there].control) == 1 })
}

func (s *suite) controlNoLink(t *testing.T) {
	a, b := s.start(t), s.start(t)
	here, _ := a.link(b)
	for _, l := range []transport.LinkID{0, here + 1000} {
		if err := a.Transport.SendControl(l, []byte("x")); !errors.Is(err, transport.ErrNoLink) {
			t.Errorf("SendControl on link %d: %v; want ErrNoLink", l, err)
		}
	}
	a.Transport.Close(here, "over")
	a.await("Down", soon, func(r *records) bool { return r.links[here].down != nil })
	if err := a.Transport.SendControl(here, []byte("x")); !errors.Is(err, transport.ErrNoLink) {
		t.Errorf("SendControl after Down: %v; want ErrNoLink", err)
	}
}

// controlFull fills the control channel of a link whose other end has vanished: at least 1 MiB is taken, for
// the contract allows it to wait, and not much more.
func (s *suite) controlFull(t *testing.T) {
	a, b := s.start(t), s.start(t)
	here, _ := a.link(b)
	b.vanish()
	const step, least, most = 32 << 10, 1 << 20, 8 << 20
	frame, taken := make([]byte, step), 0
	for {
		var err error
		a.timed("SendControl", func() { err = a.Transport.SendControl(here, frame) })
		if errors.Is(err, transport.ErrFull) {
			break
		}
		if err != nil {
			t.Fatalf("SendControl after %d bytes: %v; want ErrFull", taken, err)
		}
		if taken += step; taken > most {
			t.Fatalf("%d bytes were taken for a peer that reads none", taken)
		}
	}
	if taken < least {
		t.Errorf("ErrFull after %d bytes; want at least %d to be taken", taken, least)
	}
}
