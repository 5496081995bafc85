package node_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shoal-live/shoal/core/engine"
	"github.com/shoal-live/shoal/core/event"
	"github.com/shoal-live/shoal/core/swarm"
	"github.com/shoal-live/shoal/core/transport"
	"github.com/shoal-live/shoal/transports/memory"
)

// mortal is a transport that dies without a word to its peers, as a process does that is killed: the node hears that
// its links are down, and then that it has ended.
type mortal struct {
	transport.Transport
	bench  *bench
	killed <-chan struct{}
	name   string // that another may take once it is dead; "" for none
	dead   atomic.Bool
	mu     sync.Mutex
	up     []transport.LinkID
}

// Run carries until ctx ends or the transport is killed. What is below it lives on unheard until the bench ends, so
// that the other ends of its links have nothing but silence to notice.
func (m *mortal) Run(ctx context.Context, sink transport.Sink) error {
	below, stop := context.WithCancel(m.bench.ctx)
	ended := make(chan error, 1)
	m.bench.group.Go(func() { ended <- m.Transport.Run(below, heard{sink, m}) })
	select {
	case <-m.killed:
		m.dead.Store(true)
		m.mu.Lock()
		for _, l := range m.up {
			sink.Event(transport.Down{Link: l, Cause: errors.New("killed")})
		}
		m.mu.Unlock()
		if m.name != "" {
			m.bench.network.Isolate(m.name)
			stop()
			<-ended
		}
		context.AfterFunc(m.bench.ctx, stop)
		return errors.New("killed")
	case <-ctx.Done():
		stop()
		return <-ended
	}
}

// heard passes on what a transport reports while it lives.
type heard struct {
	transport.Sink
	m *mortal
}

func (h heard) Received(frames []transport.Received) {
	if !h.m.dead.Load() {
		h.Sink.Received(frames)
	}
}

func (h heard) Event(e transport.Event) {
	if up, ok := e.(transport.Up); ok {
		h.m.mu.Lock()
		h.m.up = append(h.m.up, up.Link)
		h.m.mu.Unlock()
	}
	if !h.m.dead.Load() {
		h.Sink.Event(e)
	}
}

func (h heard) Listening(a []swarm.Address) {
	if !h.m.dead.Load() {
		h.Sink.Listening(a)
	}
}

// longestGap is how many groups in a row were not played.
func (s *screen) longestGap() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	most := uint64(0)
	for i := 1; i < len(s.played); i++ {
		most = max(most, s.played[i]-s.played[i-1]-1)
	}
	return most
}

func TestKilledTransportOfTheSourceCostsViewersLessThanASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Delay: 5 * time.Millisecond, Seed: 1})
		source, kill := b.mortal(0)
		b.publishAt(source, camera{bytes: 6250})
		<-time.After(time.Second)
		var screens []*screen
		for range 4 {
			_, s := b.view(substreamInline)
			screens = append(screens, s)
		}
		<-time.After(5 * time.Second)
		kill()
		<-time.After(300 * time.Millisecond)
		if st, err := source.Stats(); err != nil || st.Links != 4 {
			t.Errorf("300 ms after the death the source has %d links, want 4 (%v)", st.Links, err)
		}
		<-time.After(5 * time.Second)
		for i, s := range screens {
			if gap := s.longestGap(); gap > 20 {
				t.Errorf("viewer %d lost %d groups of 50 ms in a row", i, gap)
			}
			s.mu.Lock()
			if last := s.played[len(s.played)-1]; last < 215 {
				t.Errorf("viewer %d has played up to group %d of about 225", i, last)
			}
			s.mu.Unlock()
		}
		if n := count[event.PartFailed](b.events); n != 1 {
			t.Errorf("%d events about a part that failed, want 1", n)
		}
	})
}

func TestKilledTransportOfAViewerFindsItsNeighboursAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, memory.Config{Delay: 5 * time.Millisecond, Seed: 1})
		b.publish(0, camera{bytes: 6250})
		<-time.After(time.Second)
		for range 3 {
			b.view(substreamInline)
		}
		n, kill := b.mortal(0)
		s := &screen{}
		b.viewAt(n, s, substreamInline)
		<-time.After(5 * time.Second)
		before, err := n.Stats()
		if err != nil {
			t.Fatal(err)
		}
		kill()
		<-time.After(300 * time.Millisecond)
		after, err := n.Stats()
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range before.Streams[0].Engine.Links {
			if !slices.ContainsFunc(after.Streams[0].Engine.Links, func(o engine.LinkStats) bool { return o.Peer == l.Peer }) {
				t.Errorf("300 ms after the death there is no link to %s", l.Peer.Text())
			}
		}
		<-time.After(3 * time.Second)
		if gap := s.longestGap(); gap > 20 {
			t.Errorf("it lost %d groups of 50 ms in a row", gap)
		}
	})
}
