package bus_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/shoal-live/shoal/api/bus"
)

// claim acquires the lease of stream in the background; who holds it meanwhile is told on held.
type claim struct {
	got  chan *bus.Holding
	held chan string
	stop context.CancelFunc
}

func claimed(t *testing.T, b *bus.Bus) claim {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	c := claim{got: make(chan *bus.Holding, 1), held: make(chan string, 4), stop: stop}
	go func() {
		h, err := b.Acquire(ctx, stream, func(holder string) { c.held <- holder })
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			return
		}
		c.got <- h
	}()
	t.Cleanup(stop)
	return c
}

func take[T any](t *testing.T, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(10 * time.Second):
		t.Fatalf("not within 10 s: %s", what)
		panic("unreachable")
	}
}

func nextEpoch(t *testing.T, h *bus.Holding, want uint32) {
	t.Helper()
	if epoch, err := h.NextEpoch(t.Context()); err != nil || epoch != want {
		t.Fatalf("epoch %d (%v), want %d", epoch, err, want)
	}
}

// notYet fails when the lease was given although its holder lives. It waits for several questions to be answered.
func (c claim) notYet(t *testing.T) {
	t.Helper()
	select {
	case <-c.got:
		t.Fatal("the lease was given to two origins")
	case <-time.After(3 * time.Second):
	}
}

func TestStandbyWaitsForTheHolderAndTakesOverWhenItIsKilled(t *testing.T) {
	t.Parallel()
	x := newExternal(t)
	first := open(t, bus.Config{Origin: "first", URL: x.url()})
	second := open(t, bus.Config{Origin: "second", URL: x.url()})
	h := take(t, claimed(t, first).got, "the first gets a lease that nobody has")
	nextEpoch(t, h, 1)
	c := claimed(t, second)
	if holder := take(t, c.held, "the standby is told whom it waits for"); holder != "first" {
		t.Fatalf("the standby waits for %q", holder)
	}
	c.notYet(t)
	first.Drop() // as if it were killed: it lets nothing go
	nextEpoch(t, take(t, c.got, "the standby takes over"), 2)
}

func TestLeaseThatIsLetGoIsTakenAndItsHolderStandsBy(t *testing.T) {
	t.Parallel()
	x := newExternal(t)
	first := open(t, bus.Config{Origin: "first", URL: x.url()})
	second := open(t, bus.Config{Origin: "second", URL: x.url()})
	h := take(t, claimed(t, first).got, "a lease")
	nextEpoch(t, h, 1)
	h.Offer(t.Context())
	nextEpoch(t, h, 2) // nobody was there to take it
	c := claimed(t, second)
	take(t, c.held, "the standby waits")
	h.Release()
	got := take(t, c.got, "the standby takes what was let go")
	nextEpoch(t, got, 3)
	got.Offer(t.Context())
	nextEpoch(t, got, 4)
	again := claimed(t, first)
	if holder := take(t, again.held, "who let it go stands by"); holder != "second" {
		t.Fatalf("it waits for %q", holder)
	}
	got.Offer(t.Context()) // it lives, and answers
	nextEpoch(t, take(t, again.got, "the offer is taken"), 5)
	take(t, got.Lost(), "who offered it learns that it is gone")
	if epoch, err := got.NextEpoch(t.Context()); !errors.Is(err, bus.ErrHeld) {
		t.Fatalf("epoch %d (%v) beside the new holder", epoch, err)
	}
}

func TestOriginThatIsRestartedWaitsForNobody(t *testing.T) {
	t.Parallel()
	x := newExternal(t)
	first := open(t, bus.Config{Origin: "first", URL: x.url()})
	nextEpoch(t, take(t, claimed(t, first).got, "a lease"), 1)
	first.Drop()
	again := claimed(t, open(t, bus.Config{Origin: "first", URL: x.url()}))
	nextEpoch(t, take(t, again.got, "its own lease"), 2)
	if len(again.held) > 0 {
		t.Errorf("it waited for %q", <-again.held)
	}
}

func TestHolderGoesOnWhileNATSIsAwayAndAStandbyDoesNotTakeThatForItsDeath(t *testing.T) {
	t.Parallel()
	x := newExternal(t)
	first := open(t, bus.Config{Origin: "first", URL: x.url()})
	second := open(t, bus.Config{Origin: "second", URL: x.url()})
	h := take(t, claimed(t, first).got, "a lease")
	nextEpoch(t, h, 1)
	c := claimed(t, second)
	take(t, c.held, "the standby waits")
	x.stop()
	poll(t, "both notice", func() bool { return !first.Connected() && !second.Connected() })
	nextEpoch(t, h, 2)
	c.notYet(t)
	x.start()
	poll(t, "NATS is back for both", func() bool { return first.Connected() && second.Connected() })
	c.notYet(t)
	nextEpoch(t, h, 3)
}

func TestOfTwoThatPublishedWhileNATSWasAwayTheLowerEpochStandsBack(t *testing.T) {
	t.Parallel()
	x := newExternal(t)
	x.stop()
	first := open(t, bus.Config{Origin: "first", URL: x.url()})
	second := open(t, bus.Config{Origin: "second", URL: x.url()})
	one := take(t, claimed(t, first).got, "the first, without NATS")
	nextEpoch(t, one, 1)
	other := take(t, claimed(t, second).got, "the second, without NATS")
	nextEpoch(t, other, 1)
	nextEpoch(t, other, 2)
	x.start()
	take(t, one.Lost(), "the lower epoch learns that it is one")
	poll(t, "the higher is on the bus", func() bool {
		epoch, err := other.NextEpoch(t.Context())
		return err == nil && epoch >= 3
	})
}
