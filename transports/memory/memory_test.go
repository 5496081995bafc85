package memory_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/core/transport/transporttest"
	"github.com/shoal-live/shoal/transports/memory"
)

func TestContract(t *testing.T) {
	var mu sync.Mutex
	networks := make(map[*testing.T]*memory.Network) // one a test
	transporttest.Suite(t, func(t *testing.T, cfg transport.Config) transporttest.Endpoint {
		mu.Lock()
		defer mu.Unlock()
		n := networks[t]
		if n == nil {
			n = network(t, memory.Config{Delay: time.Millisecond, Jitter: time.Millisecond, Seed: 1})
			networks[t] = n
		}
		e := &named{Transport: n.Endpoint(cfg)}
		return transporttest.Endpoint{Transport: e, Vanish: func() { n.Isolate(e.name) }}
	})
}

// named learns the name that its endpoint took.
type named struct {
	transport.Transport
	name string
}

func (e *named) Run(ctx context.Context, sink transport.Sink) error {
	return e.Transport.Run(ctx, naming{sink, e})
}

type naming struct {
	transport.Sink
	e *named
}

func (n naming) Listening(a []swarm.Address) {
	n.e.name = string(a[0][len("memory:"):])
	n.Sink.Listening(a)
}

func TestHandshakeTakesTwoRoundTrips(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network(t, memory.Config{Delay: 20 * time.Millisecond})
		a, b := run(t, n, "a"), run(t, n, "b")
		if err := a.Dial(b.id, []swarm.Address{"memory:b"}); err != nil {
			t.Fatal(err)
		}
		pass(time.Second)
		at, _ := of[transport.Up](a.tape)
		if want := []time.Duration{80 * time.Millisecond}; !slices.Equal(at, want) {
			t.Errorf("Up at %v; want %v", at, want)
		}
		at, _ = of[transport.Up](b.tape)
		if want := []time.Duration{60 * time.Millisecond}; !slices.Equal(at, want) {
			t.Errorf("Up at the other end at %v; want %v", at, want)
		}
	})
}

func TestFramesTakeRateAndDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network(t, memory.Config{Delay: 30 * time.Millisecond, Rate: 100_000})
		a, b := linked(t, n)
		a.SendChunks([]transport.Frame{{Data: make([]byte, 946), To: []transport.LinkID{1}}}) // 1000 bytes on the wire
		pass(time.Second)
		at, _ := of[transport.Received](b.tape)
		if want := []time.Duration{40 * time.Millisecond}; !slices.Equal(at, want) {
			t.Errorf("arrived at %v; want %v", at, want)
		}
	})
}

// A slow link takes two frames; the third is refused until the first has left.
func TestQueueIsTwoFramesOnASlowLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network(t, memory.Config{Rate: 10_000})
		a, b := linked(t, n)
		frame := transport.Frame{Data: make([]byte, 946), To: []transport.LinkID{1}} // 100 ms each
		for token := range uint64(4) {
			frame.Token = token
			a.SendChunks([]transport.Frame{frame})
		}
		pass(time.Second)
		_, full := of[transport.Full](a.tape)
		if len(full) != 2 || full[0].Token != 2 || full[1].Token != 3 {
			t.Errorf("refused %v; want tokens 2 and 3", full)
		}
		at, _ := of[transport.Writable](a.tape)
		if want := []time.Duration{100 * time.Millisecond}; !slices.Equal(at, want) {
			t.Errorf("Writable at %v; want %v", at, want)
		}
		at, _ = of[transport.Received](b.tape)
		if want := []time.Duration{100 * time.Millisecond, 200 * time.Millisecond}; !slices.Equal(at, want) {
			t.Errorf("arrived at %v; want %v", at, want)
		}
	})
}

// A fast link takes what leaves within 10 ms.
func TestQueueIsTenMillisecondsOnAFastLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network(t, memory.Config{Rate: 10_000_000})
		a, b := linked(t, n)
		frames := make([]transport.Frame, 500)
		for i := range frames { // 0.1 ms each
			frames[i] = transport.Frame{Data: make([]byte, 946), To: []transport.LinkID{1}, Token: uint64(i)}
		}
		a.SendChunks(frames)
		pass(time.Second)
		at, _ := of[transport.Received](b.tape)
		if len(at) != 101 {
			t.Errorf("%d frames were taken; want those of 10 ms and the one that passes it, 101", len(at))
		}
		at, _ = of[transport.Writable](a.tape)
		if len(at) != 1 || at[0] < 5*time.Millisecond || at[0] > 6*time.Millisecond {
			t.Errorf("Writable at %v; want once, with half of it gone", at)
		}
	})
}

func TestLossTakesItsShareAndRepeatsItself(t *testing.T) {
	lose := func(t *testing.T, seed uint64) (arrived []byte) {
		synctest.Test(t, func(t *testing.T) {
			n := network(t, memory.Config{Loss: 0.2, Jitter: 5 * time.Millisecond, Seed: seed})
			a, b := linked(t, n)
			const frames = 2000
			for i := range frames {
				a.SendChunks([]transport.Frame{{Data: []byte{byte(i), byte(i >> 8)}, To: []transport.LinkID{1}}})
				pass(time.Millisecond)
			}
			for i := range 100 {
				if err := a.SendControl(1, []byte{byte(i)}); err != nil {
					t.Fatal(err)
				}
			}
			pass(time.Second)
			_, got := of[transport.Received](b.tape)
			var control []byte
			for _, r := range got {
				if r.Channel == transport.Control {
					control = append(control, r.Data...)
				} else {
					arrived = append(arrived, r.Data...)
				}
			}
			if share := float64(len(arrived)) / 2 / frames; share < 0.77 || share > 0.83 {
				t.Errorf("seed %d: %.2f of the chunk frames arrived; want about 0.80", seed, share)
			}
			if len(control) != 100 || !slices.IsSorted(control) {
				t.Errorf("seed %d: control frames arrived as %v; want all of them in order", seed, control)
			}
			_, m := of[transport.Measured](a.tape)
			if len(m) == 0 || m[len(m)-1].Lost < frames/10 {
				t.Errorf("seed %d: Measured %v; want the loss in it", seed, m)
			}
		})
		return arrived
	}
	first := lose(t, 7)
	if !bytes.Equal(first, lose(t, 7)) {
		t.Error("the same seed lost other frames")
	}
	if bytes.Equal(first, lose(t, 8)) {
		t.Error("another seed lost the same frames")
	}
}

func TestIsolationEndsInTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network(t, memory.Config{Delay: 10 * time.Millisecond})
		a, b := linked(t, n)
		n.Isolate("b")
		pass(10 * time.Second)
		for _, x := range []*node{a, b} {
			at, down := of[transport.Down](x.tape)
			if len(down) != 1 || !errors.Is(down[0].Cause, transport.ErrTimeout) || at[0] != 3*time.Second {
				t.Errorf("Down %v at %v; want ErrTimeout after 3 s", down, at)
			}
		}
	})
}

func TestRestoreDeliversWhatWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n := network(t, memory.Config{Delay: 10 * time.Millisecond})
		a, b := linked(t, n)
		n.Isolate("b")
		for i := range 5 {
			if err := a.SendControl(1, []byte{byte(i)}); err != nil {
				t.Fatal(err)
			}
		}
		a.SendChunks([]transport.Frame{{Data: []byte("lost"), To: []transport.LinkID{1}}})
		pass(2 * time.Second)
		if _, got := of[transport.Received](b.tape); len(got) != 0 {
			t.Fatalf("%v arrived during the isolation", got)
		}
		n.Restore("b")
		pass(10 * time.Second)
		_, got := of[transport.Received](b.tape)
		if len(got) != 5 {
			t.Errorf("%d frames arrived; want the 5 of the control channel", len(got))
		}
		if _, down := of[transport.Down](a.tape); len(down) != 0 {
			t.Errorf("Down %v although the isolation had ended", down)
		}
	})
}

func TestBadConfigNamesTheField(t *testing.T) {
	for _, c := range []memory.Config{{Delay: -1}, {Jitter: -1}, {Loss: 1}, {Loss: -0.1}} {
		if _, err := memory.NewNetwork(c); !errors.Is(err, memory.ErrConfig) {
			t.Errorf("%+v: %v; want ErrConfig", c, err)
		}
	}
}
