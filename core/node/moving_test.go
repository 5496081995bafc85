package node_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-live/shoal/codecs/sign"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/node"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/transports/memory"
)

// port is what only one transport at a time may hold.
type port struct{ held atomic.Bool }

// holder is a transport that holds a port while it runs.
type holder struct {
	transport.Transport
	port *port
}

func (h holder) Run(ctx context.Context, sink transport.Sink) error {
	if !h.port.held.CompareAndSwap(false, true) {
		return fmt.Errorf("%w: the port is in use", transport.ErrAddress)
	}
	defer h.port.held.Store(false)
	return h.Transport.Run(ctx, sink)
}

// transports makes sources of transports for one identity.
type transports struct {
	bench    *bench
	identity ed25519.PrivateKey
}

func (f transports) source(name string, p *port) node.TransportSource {
	return node.TransportSource{Name: name, Start: func(context.Context) (transport.Transport, error) {
		return holder{f.bench.network.Endpoint(transport.Config{Identity: f.identity}), p}, nil
	}}
}

// movable starts a node, and answers what makes other transports for it.
func (b *bench) movable(p *port) (*node.Node, transports) {
	b.t.Helper()
	f := transports{b, key(b.t)}
	n, err := node.New(node.Config{
		Identity: f.identity, Authentications: sign.Catalogue(), Events: b.events.sink, Transports: []node.TransportSource{f.source("first", p)},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.group.Go(func() { _ = n.Run(b.ctx) })
	<-n.Ready()
	return n, f
}

// audience lets viewers join a source, which plays at all of them when it answers.
func (b *bench) audience(source *node.Node, count int) []*screen {
	b.publishAt(source, camera{bytes: 6250})
	<-time.After(time.Second)
	screens := make([]*screen, count)
	for i := range screens {
		_, screens[i] = b.view(substreamInline)
	}
	<-time.After(5 * time.Second)
	for _, s := range screens { // what was missed while joining is another matter
		s.forget()
	}
	b.events.mu.Lock()
	b.events.all = nil
	b.events.mu.Unlock()
	return screens
}

// playOn checks that every viewer has played all groups up to now, but for most in all.
func (b *bench) playOn(screens []*screen, most int) {
	b.t.Helper()
	<-time.After(3 * time.Second)
	lost := 0
	for i, s := range screens {
		played, missed := s.run(b.t, "a viewer")
		s.mu.Lock()
		last := s.played[len(s.played)-1]
		s.mu.Unlock()
		if now := uint64(time.Since(epochOfTime)/(50*time.Millisecond)) - 25; last < now {
			b.t.Errorf("viewer %d has played %d groups, the last is %d of about %d", i, played, last, now)
		}
		lost += missed
	}
	if lost > most {
		b.t.Errorf("%d groups were missed, want at most %d", lost, most)
	}
}

// epochOfTime is when every bubble of synctest begins.
var epochOfTime = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

func TestAnotherTransportTakesEveryLinkOverWithoutALostGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Delay: 5 * time.Millisecond, Seed: 1})
		source, f := b.movable(&port{})
		screens := b.audience(source, 6)
		before := source.Addresses()
		if err := source.SetTransport(t.Context(), "first", f.source("second", &port{})); err != nil {
			t.Fatal(err)
		}
		if after := source.Addresses(); len(after) != 1 || after[0] == before[0] {
			t.Errorf("the node is at %v, and was at %v", after, before)
		}
		st, err := source.Stats()
		if err != nil || st.Links != 6 {
			t.Errorf("%d links after the move, want 6 (%v)", st.Links, err)
		}
		b.playOn(screens, 0)
		if n := count[event.PartFailed](b.events) + count[event.PeerLeft](b.events); n != 0 {
			t.Errorf("%d parts failed or links went down: %+v", n, b.events.all)
		}
		again, err := source.Stats()
		if err != nil || again.Sent <= st.Sent {
			t.Errorf("%d bytes had left after the move, and %d later (%v)", st.Sent, again.Sent, err)
		}
	})
}

func TestTheNextTransportTakesEveryLinkOverSoonAfterTheLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Delay: 5 * time.Millisecond, Seed: 1})
		source, f := b.movable(&port{})
		screens := b.audience(source, 6)
		names := []string{"first", "second", "third", "fourth"}
		for i, name := range names[1:] {
			began := time.Now()
			if err := source.SetTransport(t.Context(), names[i], f.source(name, &port{})); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("%s: it took %v for the links to go over", name, took)
			}
			<-time.After(time.Second)
		}
		b.playOn(screens, 0)
		if n := count[event.PartFailed](b.events) + count[event.PeerLeft](b.events); n != 0 {
			t.Errorf("%d parts failed or links went down: %+v", n, b.events.all)
		}
	})
}

func TestATransportThatWantsThePortOfTheOtherStartsOnceThatHasEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Delay: 5 * time.Millisecond, Seed: 1})
		p := &port{}
		source, f := b.movable(p)
		screens := b.audience(source, 4)
		if err := source.SetTransport(t.Context(), "first", f.source("second", p)); err != nil {
			t.Fatal(err)
		}
		b.playOn(screens, 4*20) // less than a second
	})
}

func TestATransportThatNeverStartsLeavesTheOneThatWas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Delay: 5 * time.Millisecond, Seed: 1})
		source, _ := b.movable(&port{})
		screens := b.audience(source, 4)
		err := source.SetTransport(t.Context(), "first", node.TransportSource{
			Name: "broken", Start: func(context.Context) (transport.Transport, error) { return nil, errors.New("no such file") },
		})
		if !errors.Is(err, node.ErrTransport) || !strings.Contains(err.Error(), "broken: no such file") {
			t.Errorf("error %v", err)
		}
		b.playOn(screens, 0)
		if n := count[event.PeerLeft](b.events); n != 0 {
			t.Errorf("%d links went down", n)
		}
		if err := source.SetTransport(t.Context(), "other", node.TransportSource{}); !errors.Is(err, node.ErrConfig) {
			t.Errorf("error %v for a transport that is not there", err)
		}
	})
}

func TestAViewerMovesToAnotherTransportWithoutALostGroup(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Delay: 5 * time.Millisecond, Seed: 1})
		b.publish(0, camera{bytes: 6250})
		<-time.After(time.Second)
		others := []*screen{{}, {}, {}}
		for i := range others {
			_, others[i] = b.view(substreamInline)
		}
		n, f := b.movable(&port{})
		s := &screen{}
		b.viewAt(n, s, substreamInline)
		<-time.After(5 * time.Second)
		if err := n.SetTransport(t.Context(), "first", f.source("second", &port{})); err != nil {
			t.Fatal(err)
		}
		b.playOn(append(others, s), 0)
	})
}

func TestUplinkAndWeightAreRefusedBeyondTheirLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Seed: 1})
		n := b.publish(0, camera{bytes: 6250})
		<-time.After(time.Second)
		for _, err := range []error{n.SetUplink(100), n.SetWeight("cam", 0), n.SetWeight("other", 2)} {
			if err == nil {
				t.Error("it was taken")
			}
		}
		for _, err := range []error{n.SetUplink(150_000), n.SetWeight("cam", 3)} {
			if err != nil {
				t.Error(err)
			}
		}
		if st, err := n.Stats(); err != nil || st.Cap != 150_000 {
			t.Errorf("the cap is %d (%v)", st.Cap, err)
		}
	})
}

// stranger is an endpoint that is no node.
type stranger struct {
	ups   chan transport.LinkID
	downs chan struct{}
}

func (stranger) Listening([]swarm.Address)     {}
func (stranger) Received([]transport.Received) {}
func (s stranger) Event(e transport.Event) {
	switch e := e.(type) {
	case transport.Up:
		s.ups <- e.Link
	case transport.Down:
		close(s.downs)
	}
}

func TestOfSeveralSecondConnectionsOfAPeerTheNewestIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Seed: 1})
		n := b.node(0)
		identity := key(t)
		dial := func() (transport.Transport, stranger, transport.LinkID) {
			s := stranger{make(chan transport.LinkID, 1), make(chan struct{})}
			e := b.network.Endpoint(transport.Config{Identity: identity})
			b.group.Go(func() { _ = e.Run(b.ctx, s) })
			synctest.Wait()
			if err := e.Dial(n.Self(), n.Addresses()); err != nil {
				t.Fatal(err)
			}
			return e, s, <-s.ups
		}
		up := func(s stranger) bool {
			synctest.Wait()
			select {
			case <-s.downs:
				return false
			default:
				return true
			}
		}
		_, first, _ := dial()
		<-time.After(3 * time.Second) // it is no crossing of two dials
		_, second, _ := dial()
		third, newest, link := dial()
		<-time.After(time.Second)
		if !up(first) || up(second) || !up(newest) {
			t.Errorf("up: the first %v, the second %v, the newest %v; want the first and the newest", up(first), up(second), up(newest))
		}
		if err := third.SendControl(link, []byte{2}); err != nil { // it continues the first
			t.Fatal(err)
		}
		<-time.After(time.Second)
		if !up(first) || !up(newest) {
			t.Error("a connection that continues the link costs one of them")
		}
	})
}

func TestAPeerThatLeavesAConnectionForNoOtherIsHungUpOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Seed: 1})
		n := b.node(0)
		s := stranger{make(chan transport.LinkID, 1), make(chan struct{})}
		e := b.network.Endpoint(transport.Config{Identity: key(t)})
		b.group.Go(func() { _ = e.Run(b.ctx, s) })
		synctest.Wait()
		if err := e.Dial(n.Self(), n.Addresses()); err != nil {
			t.Fatal(err)
		}
		if err := e.SendControl(<-s.ups, []byte{2}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-s.downs:
		case <-time.After(time.Second):
			t.Error("the link is still up")
		}
	})
}
